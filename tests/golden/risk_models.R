# Golden numbers for tests/risk_models, from R's own fitters and from direct, slow definitions (enumeration, loops, uniroot).
# Makes risk_models.csv (generated records of no real person) and risk_models.json. Needs jsonlite, Hmisc and lme4.
# Run in this folder: Rscript risk_models.R
suppressMessages({library(jsonlite); library(splines); library(lme4)})
RNGkind("Mersenne-Twister", "Inversion", "Rejection"); set.seed(20261122)

## ---------- records ---------------------------------------------------------------------------
N <- 600
d <- data.frame(provider = sample(0:8, N, TRUE, c(1, 2, 3, 4, 5, 6, 7, 8, 14)), age = round(rnorm(N, 62, 13)),
                parity = sample(c("none", "one", "more", NA), N, TRUE, c(.4, .3, .22, .08)), diabetes = rbinom(N, 1, .2),
                before = round(runif(N, 5, 40)))
u <- seq(-.9, .9, length.out = 9)[d$provider + 1]
d$died <- rbinom(N, 1, plogis(-1.6 + .03*(d$age - 60) + .6*d$diabetes + .4*(d$parity %in% "more") + u))
d$after <- round(pmin(48, 18 + .5*d$before - .05*(d$age - 60) - 2*d$diabetes + 4*u + rnorm(N, 0, 6)), 1)
write.csv(d, "risk_models.csv", row.names = FALSE, quote = FALSE, na = "")
p <- d; p$parity[is.na(p$parity)] <- "(missing)"; p$parity <- relevel(factor(p$parity), "one")
named <- function(m) list(coef = unname(coef(m)), se = unname(sqrt(diag(vcov(m)))), names = names(coef(m)),
                          log_likelihood = as.numeric(logLik(m)))
by <- function(x) as.numeric(tapply(x, factor(p$provider, 0:8), sum))
tight <- glm.control(epsilon = 1e-15, maxit = 100)
G <- list(meta = list(R = R.version.string, jsonlite = as.character(packageVersion("jsonlite")), Hmisc = as.character(packageVersion("Hmisc")), lme4 = as.character(packageVersion("lme4"))))

## ---------- models ----------------------------------------------------------------------------
g <- glm(died ~ age + parity + diabetes, binomial, p, control = tight)
G$logistic <- c(named(g), list(levels = levels(p$parity), fitted = unname(fitted(g))))
knots <- attr(Hmisc::rcspline.eval(p$age, nk = 4, knots.only = FALSE), "knots")
B <- Hmisc::rcspline.eval(p$age, knots = knots, inclx = TRUE, norm = 2); attributes(B)[c("knots", "class")] <- NULL
gs <- glm(died ~ B + diabetes, binomial, p, control = tight)
gn <- glm(died ~ ns(age, knots = knots[2:3], Boundary.knots = knots[c(1, 4)]) + diabetes, binomial, p, control = tight)
ages <- c(20, 41, 52, 60.5, 67, 83, 99)
Bn <- Hmisc::rcspline.eval(ages, knots = knots, inclx = FALSE, norm = 2)
G$spline <- c(named(gs), list(knots = as.numeric(knots), at = ages, basis = matrix(as.numeric(Bn), length(ages)), fitted = unname(fitted(gs)), fitted_ns = unname(fitted(gn)),
  default_knots = lapply(setNames(3:7, 3:7), function(k) as.numeric(Hmisc::rcspline.eval(p$age, nk = k, knots.only = TRUE)))))
l <- lm(after ~ before + I(before^2) + age + parity, p)
G$linear <- c(named(l), list(sigma = summary(l)$sigma, r_squared = summary(l)$r.squared, fitted = unname(fitted(l))))

## ---------- Poisson-binomial: all 2^n outcomes, and intervals by uniroot --------------------------
enumerate <- function(r) { o <- as.matrix(expand.grid(rep(list(0:1), length(r))))
  pr <- apply(o, 1, function(y) prod(ifelse(y == 1, r, 1 - r))); as.numeric(tapply(pr, rowSums(o), sum)) }
one_by_one <- function(r) { f <- 1; for (q in r) f <- c(f*(1 - q), 0) + c(0, f*q); f }
risks <- c(.001, .02, .05, .05, .1, .3, .5, .62, .9, .99, .05, .2)
G$enumeration <- list(risk = risks, pmf = enumerate(risks), tilted = enumerate(plogis(qlogis(risks) + .7)), theta = .7)
upper_tail <- function(r, o) { f <- one_by_one(r); sum(f[seq_along(f) > o]) }          # P(X >= o)
lower_tail <- function(r, o) { f <- one_by_one(r); sum(f[seq_along(f) <= o + 1]) }     # P(X <= o)
exact_ratio <- function(r, o, level) { a <- (1 - level)/2; n <- length(r); m <- function(t) sum(plogis(qlogis(r) + t))/sum(r)
  s <- function(t) plogis(qlogis(r) + t); ur <- function(f) uniroot(f, c(-25, 25), tol = 1e-14, maxiter = 1e5)$root
  c(if (o == 0) 0 else m(ur(function(t) log(upper_tail(s(t), o)) - log(a))),
    if (o == n) n/sum(r) else m(ur(function(t) log(lower_tail(s(t), o)) - log(a)))) }
k <- 0:length(risks)
G$exact_interval <- list(risk = risks, observed = k, level95 = t(sapply(k, function(o) exact_ratio(risks, o, .95))), level998 = t(sapply(k, function(o) exact_ratio(risks, o, .998))))

## ---------- scores of an event ---------------------------------------------------------------------
E <- by(fitted(g)); V <- by(fitted(g)*(1 - fitted(g))); O <- by(p$died); n <- by(rep(1, N)); rate <- mean(p$died)
first <- function(x) if (length(x)) x[1] else NA
S <- lapply(0:8, function(j) { r <- fitted(g)[p$provider == j]; ks <- 0:length(r)
  up <- sapply(ks, function(o) upper_tail(r, o)); lo <- sapply(ks, function(o) lower_tail(r, o)); ob <- O[j + 1]
  low <- function(a) first(rev(ks[lo <= a])); high <- function(a) first(ks[up <= a])
  pu <- up[ob + 1]; pl <- lo[ob + 1]
  list(ci = exact_ratio(r, ob, .95), limits = c(low(.001), low(.025), high(.025), high(.001)),
    band = if (pl <= .001) "low998" else if (pu <= .001) "high998" else if (pl <= .025) "low95" else if (pu <= .025) "high95" else "in") })
G$binary_scores <- list(n = n, observed = O, expected = E, variance = V, reference = rate, adjusted = O/E*rate,
  ratio_interval = t(sapply(S, `[[`, "ci")), limit_counts = t(sapply(S, `[[`, "limits")), band = sapply(S, `[[`, "band"))

## ---------- scores of a mean, with an expectation from elsewhere (off by a constant and a slope) -------
ex <- 1.5 + .95*fitted(l); res <- p$after - ex; m <- function(x) as.numeric(tapply(x, factor(p$provider, 0:8), mean)); se <- sd(res)/sqrt(n)
gain <- mean(p$after) - mean(p$before); adj <- gain + m(res) - mean(res)
band <- function(z) ifelse(z <= -qnorm(.999), "low998", ifelse(z >= qnorm(.999), "high998", ifelse(z <= -qnorm(.975), "low95", ifelse(z >= qnorm(.975), "high95", "in"))))
G$mean_scores <- list(reference = gain, adjusted = adj, sd = sd(res), lower = adj - qnorm(.975)*se, upper = adj + qnorm(.975)*se,
  limits = cbind(gain - qnorm(.999)*se, gain - qnorm(.975)*se, gain + qnorm(.975)*se, gain + qnorm(.999)*se), band = band((adj - gain)/se))

## ---------- reliability -----------------------------------------------------------------------------
dl <- function(y, v) { w <- 1/v; mu <- sum(w*y)/sum(w); max(0, (sum(w*(y - mu)^2) - (length(y) - 1))/(sum(w) - sum(w^2)/sum(w))) }
t2 <- dl(O/E, V/E^2); t2m <- dl(adj, sd(res)^2/n)
z <- (O - E)/sqrt(V); q <- quantile(z, c(.1, .9), type = 7); w <- E^2/V; phi <- mean(pmin(pmax(z, q[1]), q[2])^2)
bal <- data.frame(f = factor(rep(1:12, each = 15))); bal$y <- round(rnorm(12, 0, 1)[bal$f] + rnorm(180, 10, 2), 2)
vc <- as.data.frame(VarCorr(lmer(y ~ 1 + (1 | f), bal, control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12)))))$vcov
G$reliability <- list(ratio = list(tau2 = t2, reliability = t2/(t2 + V/E^2), n_wanted = 7/3*(mean(fitted(g)*(1 - fitted(g)))/rate^2)/t2), mean = list(tau2 = t2m, reliability = t2m/(t2m + sd(res)^2/n), n_wanted = 7/3*sd(res)^2/t2m),
  overdispersion = list(phi = phi, tau2 = max(0, (length(z)*phi - (length(z) - 1))/(sum(w) - sum(w^2)/sum(w)))),
  balanced = list(each = 15, means = as.numeric(tapply(bal$y, bal$f, mean)), lmer_between = vc[1], lmer_within = vc[2]))

## ---------- diagnostics, for risks with ties that are not the model's own -------------------------------
r <- round(plogis(.3 + 1.4*qlogis(fitted(g))), 2); r <- pmin(pmax(r, .01), .99); y <- p$died
pairs <- outer(r[y == 1], r[y == 0], function(a, b) (a > b) + .5*(a == b))
G$diagnostics <- list(risk = r, c = mean(pairs), brier = mean((y - r)^2), intercept = unname(coef(glm(y ~ 1, binomial, offset = qlogis(r), control = tight))),
  slope = unname(coef(glm(y ~ qlogis(r), binomial, control = tight))[2]))
write_json(G, "risk_models.json", digits = NA, auto_unbox = TRUE, pretty = FALSE, na = "null", matrix = "rowmajor")
