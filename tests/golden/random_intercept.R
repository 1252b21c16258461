# Golden numbers for the models of tests/risk_models that have provider effects, from lme4, glm, lm, brglm2 and from direct,
# slow definitions (integrate, optim, simulation-free sums). Makes random_intercept.csv (generated records of no real person)
# and random_intercept.json. Needs lme4, brglm2 and jsonlite. Run in this folder: Rscript random_intercept.R
suppressMessages({library(lme4); library(brglm2); library(jsonlite)})
RNGkind("Mersenne-Twister", "Inversion", "Rejection"); set.seed(20261123)

## ---------- records: 24 providers, of which 4 is tiny and has no falls, 10 has no deaths and 16 only deaths ----------------------------
J <- 24; size <- c(rpois(J - 3, 60), 4, 14, 6)[c(1:4, 22, 5:9, 23, 10:14, 24, 15:21)]
d <- data.frame(provider = rep(0:(J - 1), size)); N <- nrow(d)
u <- rnorm(J, 0, .5); w <- rnorm(J, 0, .35); v <- rnorm(J, 0, 1.5)
d$age <- round(rnorm(N, 60, 12) + 3*u[d$provider + 1]); d$urgent <- rbinom(N, 1, .3)
d$died <- rbinom(N, 1, plogis(-1.4 + .03*(d$age - 60) + .7*d$urgent + u[d$provider + 1]))
d$died[d$provider == 10] <- 0; d$died[d$provider == 16] <- 1
d$days <- rpois(N, 6) + 1
d$falls <- rpois(N, d$days*exp(-2.6 + .02*(d$age - 60) + w[d$provider + 1]))
d$falls[d$provider == 4] <- 0
d$score <- round(30 - .1*(d$age - 60) - 2*d$urgent + v[d$provider + 1] + rnorm(N, 0, 5), 1)
write.csv(d, "random_intercept.csv", row.names = FALSE, quote = FALSE)
d$prov <- factor(d$provider); d$decades <- (d$age - 60)/10
G <- list(meta = list(R = R.version.string, lme4 = as.character(packageVersion("lme4")), brglm2 = as.character(packageVersion("brglm2"))))

## ---------- random intercepts by lme4 --------------------------------------------------------------------------------------
ctl <- glmerControl(optimizer = "bobyqa", optCtrl = list(maxfun = 2e5, rhoend = 1e-9), tolPwrss = 1e-11)
lctl <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-11))
out <- function(m) { r <- ranef(m, condVar = TRUE)[[1]]
  list(coef = unname(fixef(m)), se = unname(sqrt(diag(as.matrix(vcov(m))))), tau = as.numeric(attr(VarCorr(m)[[1]], "stddev")), sigma = sigma(m),
       log_likelihood = as.numeric(logLik(m)), effect = r[, 1], effect_sd = sqrt(attr(r, "postVar")[1, 1, ])) }
tau_interval <- function(m) as.numeric(confint(m, parm = 1, method = "profile", quiet = TRUE))
B <- lapply(c(1, 5, 9, 25), function(k) glmer(died ~ decades + urgent + (1 | prov), d, binomial, nAGQ = k, control = ctl))
names(B) <- paste0("nodes", c(1, 5, 9, 25))
G$logistic <- c(lapply(B, out), list(without = as.numeric(logLik(glm(died ~ decades + urgent, binomial, d)))))
P <- lapply(c(1, 9), function(k) glmer(falls ~ decades + urgent + offset(log(days)) + (1 | prov), d, poisson, nAGQ = k, control = ctl)); names(P) <- c("nodes1", "nodes9")
G$poisson <- c(lapply(P, out), list(without = as.numeric(logLik(glm(falls ~ decades + urgent + offset(log(days)), poisson, d))), tau_interval1 = tau_interval(P$nodes1)))
# lme4 leaves out what depends on y alone when nAGQ > 1, so the likelihood is integrated directly at its estimates
m <- P$nodes9; eta <- predict(m, re.form = NA) ; tau <- as.numeric(attr(VarCorr(m)$prov, "stddev"))
G$poisson$integrated <- sum(sapply(0:(J - 1), function(j) { i <- d$provider == j; at <- ranef(m)$prov[j + 1, 1]
  f <- function(x) sapply(x, function(z) sum(dpois(d$falls[i], exp(eta[i] + z), log = TRUE)) + dnorm(z, 0, tau, log = TRUE)); top <- f(at)
  top + log(integrate(function(x) exp(f(x) - top), at - 12*tau, at + 12*tau, rel.tol = 1e-12, subdivisions = 2000)$value) }))
L <- lapply(c(FALSE, TRUE), function(r) lmer(score ~ decades + urgent + (1 | prov), d, REML = r, control = lctl)); names(L) <- c("ml", "reml")
G$linear <- c(lapply(L, out), list(without = as.numeric(logLik(lm(score ~ decades + urgent, d))), tau_interval_ml = tau_interval(L$ml)))
d$mean_decades <- ave(d$decades, d$prov); d$mean_urgent <- ave(d$urgent, d$prov)
C <- glmer(died ~ decades + urgent + I(mean_decades - mean(decades)) + I(mean_urgent - mean(urgent)) + (1 | prov), d, binomial, nAGQ = 9, control = ctl)
G$correlated <- c(out(C), list(context = as.numeric(tapply(fixef(C)[4]*(d$mean_decades - mean(d$decades)) + fixef(C)[5]*(d$mean_urgent - mean(d$urgent)), d$prov, mean))))

## ---------- posterior of the intercepts at nodes25, by integrate; predicted over expected, at nodes1 --------------------------
m <- B$nodes25; eta <- predict(m, re.form = NA); tau <- as.numeric(attr(VarCorr(m)$prov, "stddev"))
post <- t(sapply(0:(J - 1), function(j) { i <- d$provider == j; at <- ranef(m)$prov[j + 1, 1]
  f <- function(x) sapply(x, function(z) sum(d$died[i]*(eta[i] + z) - log1p(exp(eta[i] + z))) - z^2/(2*tau^2)); top <- f(at)
  I <- function(g) integrate(function(x) g(x)*exp(f(x) - top), at - 12*tau, at + 12*tau, rel.tol = 1e-11, subdivisions = 2000)$value
  z <- I(function(x) 1); mu <- I(function(x) x)/z; c(mean = mu, sd = sqrt(I(function(x) (x - mu)^2)/z)) }))
G$posterior <- list(mean = unname(post[, 1]), sd = unname(post[, 2]))
m <- B$nodes1; e0 <- predict(m, re.form = NA); by <- function(x) as.numeric(tapply(x, d$prov, sum)); n <- by(rep(1, N))
r <- ranef(m, condVar = TRUE)$prov; ef <- r[, 1]; es <- sqrt(attr(r, "postVar")[1, 1, ]); tau <- as.numeric(attr(VarCorr(m)$prov, "stddev"))
at <- function(z) by(plogis(e0 + z[d$provider + 1]))
V <- by(plogis(e0)*(1 - plogis(e0)))
G$between <- list(predicted = by(predict(m, type = "response")), expected = by(plogis(e0)), ratio = at(ef)/at(0*ef), lower = at(ef - qnorm(.975)*es)/at(0*ef), upper = at(ef + qnorm(.975)*es)/at(0*ef),
  rsrr = at(ef)/at(0*ef)*mean(d$died), direct = sapply(ef, function(z) mean(plogis(e0 + z))), above_0.2 = pnorm(.2, ef, es, lower.tail = FALSE),
  effect_at_ratio_1.2 = sapply(0:(J - 1), function(j) { i <- d$provider == j; s <- sum(plogis(e0[i])); if (1.2*s >= sum(i)) NA else uniroot(function(z) sum(plogis(e0[i] + z)) - 1.2*s, c(-20, 20), tol = 1e-13)$root }),
  median_odds_ratio = exp(sqrt(2*tau^2)*qnorm(.75)), icc_latent = tau^2/(tau^2 + pi^2/3), reliability_latent = tau^2/(tau^2 + pi^2/3/n), reliability_outcome = (V/n)^2*tau^2/((V/n)^2*tau^2 + V/n^2),
  expected_rank = sapply(1:J, function(j) 1 + sum(pnorm((ef[j] - ef[-j])/sqrt(es[j]^2 + es[-j]^2)))))

# distribution of the rank of each of five effects, exactly: all orders of five normals, by nested sums over a fine grid
re <- ef[c(1, 2, 3, 5, 11)]; rs <- es[c(1, 2, 3, 5, 11)]
rank_probability <- function(j, k) integrate(function(x) sapply(x, function(z) { q <- pnorm((z - re[-j])/rs[-j]); s <- as.matrix(expand.grid(rep(list(0:1), 4)))
  sum(apply(s, 1, function(b) prod(ifelse(b == 1, q, 1 - q)))[rowSums(s) == k - 1])*dnorm(z, re[j], rs[j]) }), re[j] - 12*rs[j], re[j] + 12*rs[j], rel.tol = 1e-10)$value
G$ranks <- list(effect = re, sd = rs, probability = outer(1:5, 1:5, Vectorize(rank_probability)))

## ---------- fixed effects: glm and lm, the providers with no or only events left out ---------------------------------------------
keep <- !(d$provider %in% c(10, 16)); dk <- droplevels(d[keep, ])
f <- glm(died ~ 0 + prov + decades + urgent, binomial, dk, control = glm.control(epsilon = 1e-15, maxit = 100)); k <- nlevels(dk$prov)
gam <- coef(f)[1:k]; xb <- as.numeric(as.matrix(d[, c("decades", "urgent")]) %*% coef(f)[-(1:k)]); full <- rep(NA, J); full[as.integer(levels(dk$prov)) + 1] <- gam
full[11] <- -Inf; full[17] <- Inf; mid <- median(full); O <- by(d$died); E <- by(plogis(mid + xb))
G$fixed_logistic <- list(coef = unname(coef(f)[-(1:k)]), se = unname(sqrt(diag(vcov(f)))[-(1:k)]), intercept = unname(gam), intercept_se = unname(sqrt(diag(vcov(f)))[1:k]), kept = as.integer(levels(dk$prov)),
  log_likelihood = as.numeric(logLik(f)), median = mid, indirect = O/E, direct = sapply(full, function(g) sum(plogis(g + xb)))/sum(d$died))
none <- by(d$falls) == 0; fk <- droplevels(d[!none[d$provider + 1], ])
f <- glm(falls ~ 0 + prov + decades + urgent + offset(log(days)), poisson, fk, control = glm.control(epsilon = 1e-15, maxit = 100)); k <- nlevels(fk$prov)
G$fixed_poisson <- list(coef = unname(coef(f)[-(1:k)]), se = unname(sqrt(diag(vcov(f)))[-(1:k)]), intercept = unname(coef(f)[1:k]), intercept_se = unname(sqrt(diag(vcov(f)))[1:k]), kept = as.integer(levels(fk$prov)), log_likelihood = as.numeric(logLik(f)))
f <- lm(score ~ 0 + prov + decades + urgent, d)
G$fixed_linear <- list(coef = unname(coef(f)[-(1:J)]), se = unname(sqrt(diag(vcov(f)))[-(1:J)]), intercept = unname(coef(f)[1:J]), intercept_se = unname(sqrt(diag(vcov(f)))[1:J]), sigma = sigma(f), log_likelihood = as.numeric(logLik(f)))

## ---------- Firth: brglm2 --------------------------------------------------------------------------------------------------------
firth <- function(formula, data, family) { f <- glm(formula, family, data, method = "brglmFit", type = "AS_mean", epsilon = 1e-13, maxit = 500)
  list(coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))), log_likelihood = as.numeric(logLik(f)), penalised = as.numeric(logLik(f)) - as.numeric(determinant(vcov(f))$modulus)/2) }
G$firth_logistic <- firth(died ~ 0 + prov + decades + urgent, d, binomial)
G$firth_poisson <- firth(falls ~ 0 + prov + decades + urgent + offset(log(days)), d, poisson)
small <- data.frame(x = c(0, 0, 1, 1, 2, 3), s = c(0, 1, 0, 1, 1, 0), n = c(5, 4, 6, 3, 2, 4), y = c(0, 0, 2, 3, 2, 4))
G$firth_pooled <- firth(cbind(y, n - y) ~ x + s, small, binomial)

## ---------- empirical Bayes: own likelihoods by optim, Morris' iteration ------------------------------------------------------------
n <- by(rep(1, N)); bb <- function(p) { a <- exp(p[1]); b <- exp(p[2]); -sum(lchoose(n, O) + lbeta(O + a, n - O + b) - lbeta(a, b)) }
best <- function(f, p) { for (i in 1:4) { o <- optim(p, f, method = "BFGS", control = list(reltol = 1e-16, maxit = 2000)); p <- o$par }; o }
o <- best(bb, c(0, 1)); a <- exp(o$par[1]); b <- exp(o$par[2])
G$beta_binomial <- list(alpha = a, beta = b, log_likelihood = -o$value, mean = (O + a)/(n + a + b), lower = qbeta(.025, O + a, n - O + b), upper = qbeta(.975, O + a, n - O + b))
g0 <- glm(falls ~ decades + urgent + offset(log(days)), poisson, d); F <- by(d$falls); EF <- by(fitted(g0))
gp <- function(p) { a <- exp(p[1]); -sum(dnbinom(F, size = a, mu = exp(p[2])*EF, log = TRUE)) }; o <- best(gp, c(1, 0)); a <- exp(o$par[1]); b <- a/exp(o$par[2])
G$gamma_poisson <- list(observed = F, expected = EF, shape = a, rate = b, log_likelihood = -o$value, ratio = (F + a)/(EF + b), lower = qgamma(.025, F + a, EF + b), upper = qgamma(.975, F + a, EF + b))
g1 <- glm(died ~ decades + urgent, binomial, d); E1 <- by(fitted(g1)); V1 <- by(fitted(g1)*(1 - fitted(g1))); al <- mean(d$died); R <- al*O/E1; s2 <- (al/E1)^2*V1
t2 <- var(R); for (i in 1:10000) { w <- 1/(t2 + s2); mu <- sum(w*R)/sum(w); t2 <- max(0, sum(w^2*((J/(J - 1))*(R - mu)^2 - s2))/sum(w^2)) }
G$morris <- list(observed = O, expected = E1, variance = V1, reference = al, tau2 = t2, mean = mu, reliability = t2/(t2 + s2), smoothed = t2/(t2 + s2)*R + s2/(t2 + s2)*al, smoothed_sd = sqrt(t2*s2/(t2 + s2)))
# last, since profiling a model changes the random effects it holds
G$logistic$tau_interval1 <- tau_interval(B$nodes1)
write_json(G, "random_intercept.json", digits = NA, auto_unbox = TRUE, pretty = FALSE, na = "null")
