# Golden numbers for tests/risk_models, third part: negative binomial, more lme4 fits on real records, scores of a time to an event.
# Reads random_intercept.csv and risk_models.csv here and the published data sets in the folder that is its argument; writes
# risk_models_proofs.json. Needs lme4, MASS, mice, sandwich, survival and jsonlite. Run in this folder: Rscript risk_models_proofs.R ../../../shared/data
suppressMessages({library(lme4); library(MASS); library(sandwich); library(survival); library(jsonlite)})
root <- commandArgs(TRUE)[1]
coefs <- function(m) list(coef = unname(coef(m)), se = unname(sqrt(diag(vcov(m)))))
G <- list(meta = list(R = R.version.string, lme4 = as.character(packageVersion("lme4")), MASS = as.character(packageVersion("MASS")), survival = as.character(packageVersion("survival"))))

## ---------- negative binomial: falls with an exposure, and the same with frequencies -----------------------------------------------
d <- read.csv("random_intercept.csv"); d$decades <- (d$age - 60)/10; d$weight <- 1 + d$age %% 4
tight <- glm.control(epsilon = 1e-14, maxit = 200)
nb <- function(m) c(coefs(m), list(theta = m$theta, theta_se = m$SE.theta, log_likelihood = as.numeric(logLik(m)), expected = unname(exp(predict(m, type = "link")[1:5])/d$days[1:5])))
G$negative_binomial <- list(exposure = nb(glm.nb(falls ~ decades + urgent + offset(log(days)), d, control = tight)),
  clustered = unname(sqrt(diag(vcovCL(glm.nb(falls ~ decades + urgent + offset(log(days)), d, control = tight), cluster = d$provider, type = "HC0", cadjust = TRUE)))),
  frequencies = nb(glm.nb(falls ~ decades + urgent + offset(log(days)), d[rep(seq_len(nrow(d)), d$weight), ], control = tight)))

## ---------- random intercepts: medpar (count and value), cardiac surgery (event) ------------------------------------------------------
ctl <- glmerControl(optimizer = "bobyqa", optCtrl = list(maxfun = 2e5, rhoend = 1e-9), tolPwrss = 1e-11); lctl <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-11))
out <- function(m) { r <- ranef(m, condVar = TRUE)[[1]]; list(coef = unname(fixef(m)), se = unname(sqrt(diag(as.matrix(vcov(m))))), se_given_tau = unname(sqrt(diag(as.matrix(suppressWarnings(vcov(m, use.hessian = FALSE)))))),
  tau = as.numeric(attr(VarCorr(m)[[1]], "stddev")), sigma = sigma(m), log_likelihood = as.numeric(logLik(m)), effect = r[, 1], effect_sd = sqrt(attr(r, "postVar")[1, 1, ])) }
# lme4 leaves out what depends on the counts alone when nAGQ > 1: the likelihood is integrated directly at its estimates
integrated <- function(m, y, log_density) { g <- m@flist[[1]]; eta <- predict(m, re.form = NA); tau <- as.numeric(attr(VarCorr(m)[[1]], "stddev"))
  sum(sapply(seq_len(nlevels(g)), function(j) { i <- g == levels(g)[j]; at <- ranef(m)[[1]][j, 1]; f <- function(x) sapply(x, function(z) sum(log_density(y[i], eta[i] + z)) + dnorm(z, 0, tau, log = TRUE)); top <- f(at)
    s <- 1/sqrt(-(f(at + 1e-3) - 2*top + f(at - 1e-3))/1e-6); top + log(integrate(function(x) exp(f(x) - top), at - 12*s, at + 12*s, rel.tol = 1e-12, subdivisions = 2000)$value) })) }
md <- read.csv(file.path(root, "profiling", "medpar.csv"), colClasses = c(provnum = "character")); md$prov <- factor(md$provnum); md$log_los <- log(md$los)
P <- lapply(c(0, 1, 9), function(k) glmer(los ~ hmo + died + age80 + factor(type) + (1 | prov), md, poisson, nAGQ = k, control = ctl)); names(P) <- paste0("nodes", c(0, 1, 9))
G$medpar_stay <- lapply(P, out); G$medpar_stay$nodes9$log_likelihood <- integrated(P$nodes9, md$los, function(y, e) dpois(y, exp(e), log = TRUE))
L <- lapply(c(ml = FALSE, reml = TRUE), function(r) lmer(log_los ~ hmo + died + age80 + factor(type) + (1 | prov), md, REML = r, control = lctl)); G$medpar_log_stay <- lapply(L, out)
cs <- read.csv(file.path(root, "profiling", "cardiacsurgery.csv"), colClasses = c(surgeon = "character")); cs$y <- as.integer(cs$status == 1 & cs$time <= 30); cs$score <- (cs$Parsonnet - 10)/10; cs$surgeon <- factor(cs$surgeon)
B <- lapply(c(0, 1, 9), function(k) glmer(y ~ score + (1 | surgeon), cs, binomial, nAGQ = k, control = ctl)); names(B) <- paste0("nodes", c(0, 1, 9)); G$cardiac <- lapply(B, out)
G$random_intercept0 <- { d$prov <- factor(d$provider); list(logistic = out(glmer(died ~ decades + urgent + (1 | prov), d, binomial, nAGQ = 0, control = ctl)), poisson = out(glmer(falls ~ decades + urgent + offset(log(days)) + (1 | prov), d, poisson, nAGQ = 0, control = ctl))) }

## ---------- scores of a time to an event: Cox, left truncation; chance by a horizon when hazards are multiplied ----------------------
e <- read.csv("risk_models.csv", stringsAsFactors = FALSE); e$entry <- ifelse(e$age %% 3 == 0, e$before %% 4, 0); e$exit <- e$entry + 1 + (round(7*e$before) + 3*e$age) %% 30
cx <- coxph(Surv(entry, exit, died) ~ age + diabetes, e, ties = "breslow", control = coxph.control(eps = 1e-14, iter.max = 50)); by <- function(x) as.numeric(tapply(x, factor(e$provider, 0:8), sum))
O <- by(e$died); E <- by(predict(cx, type = "expected")); S <- summary(survfit(cx, newdata = e, ctype = 1), times = 12)$surv[1, ]; chance <- function(r) sapply(r, function(q) 1 - mean(S^q)); ok <- !is.na(E)
ends <- cbind(ifelse(O == 0, 0, qchisq(.025, 2*O)/2)/E, qchisq(.975, 2*(O + 1))/2/E)
# the largest count with P(X <= k) <= tail, and the smallest with P(X >= k) <= tail
low <- function(tail) sapply(E, function(m) { k <- 0:500; k <- k[ppois(k, m) <= tail]; if (length(k)) max(k) else NA }); high <- function(tail) sapply(E, function(m) { k <- 0:500; min(k[ppois(k - 1, m, lower.tail = FALSE) <= tail]) })
G$time_scores <- list(observed = O, expected = E, ratio = O/E, n = by(rep(1, nrow(e))), reference = chance(1), adjusted = chance(O/E), lower = chance(ends[, 1]), upper = chance(ends[, 2]), p_low = ppois(O, E), p_high = ppois(O - 1, E, lower.tail = FALSE),
  low998 = chance(low(.001)/E), low95 = chance(low(.025)/E), high95 = chance(high(.025)/E), high998 = chance(high(.001)/E), counts95 = cbind(low(.025), high(.025)))

# ridge on Cox's model: each column divided by its standard deviation (with denominator N), as ours does
sdn <- function(x) sqrt(mean((x - mean(x))^2)); e$age_s <- e$age/sdn(e$age); e$diabetes_s <- e$diabetes/sdn(e$diabetes)
G$cox_ridge <- lapply(c(efron = "efron", breslow = "breslow"), function(ties) { m <- coxph(Surv(entry, exit, died) ~ ridge(age_s, diabetes_s, theta = 20, scale = FALSE), e, ties = ties, control = coxph.control(eps = 1e-13, iter.max = 100, outer.max = 100))
  s <- c(sdn(e$age), sdn(e$diabetes)); list(coef = unname(coef(m))/s, se = sqrt(diag(m$var))/s, expected = by(e$died - residuals(m, "martingale"))) })

## ---------- Rubin's rules: mice on three copies of the records that differ in one column -------------------------------------------------
fits <- lapply(1:3, function(k) { e$x <- e$before + (e$age*k) %% 5; glm(died ~ age + x, binomial, e, control = glm.control(epsilon = 1e-14)) })
pools <- lapply(2:3, function(j) mice::pool.scalar(sapply(fits, function(m) coef(m)[j]), sapply(fits, function(m) vcov(m)[j, j]), n = Inf))
G$rubin <- list(coef = sapply(pools, `[[`, "qbar"), variance = sapply(pools, `[[`, "t"), freedom = sapply(pools, `[[`, "df"), increase = sapply(pools, `[[`, "r"))

## ---------- tables of public health: directly and indirectly standardised rates of areas, written from their published formulas --------
# Eayres (2008): Byar from ten events, exact below; Dobson et al. (1991) about the directly standardised rate
set.seed(20261125); bands <- 19; areas <- 8; esp <- c(5000, 5500, 5500, 5500, 6000, 6000, 6500, 7000, 7000, 7000, 7000, 6500, 6000, 5500, 5000, 4000, 2500, 1500, 1000)
pop <- matrix(rpois(bands*areas, rep(c(300, 900, 50, 2500, 40, 700, 5000, 120), each = bands)), bands) + 1; risk <- .002*exp(.25*seq_len(bands) - 2)
cnt <- matrix(rpois(bands*areas, pop*risk*rep(c(1, 1.4, .6, 1, 2, .8, 1.1, 0), each = bands)), bands)
repeats <- matrix(rpois(bands*areas, 1.5), bands) # of the events, so many more are by someone who had one already in a pair
pairs <- pmin(repeats, cnt %/% 2); squares <- 4*pairs + (cnt - 2*pairs)
exact <- function(o, l) { a <- (1 - l)/2; c(if (o == 0) 0 else qgamma(a, o), qgamma(1 - a, o + 1)) }
byars <- function(o, l) { z <- qnorm(.5 + l/2); c(o*(1 - 1/(9*o) - z/(3*sqrt(o)))^3, (o + 1)*(1 - 1/(9*(o + 1)) + z/(3*sqrt(o + 1)))^3) }
count_limits <- function(o, l) if (o < 10) exact(o, l) else byars(o, l)
dsr <- function(j, l, v) { o <- cnt[, j]; t <- sum(o); rate <- sum(esp*o/pop[, j])/sum(esp); s <- sqrt(sum(esp^2*v[, j]/pop[, j]^2)/sum(esp)^2/t); c(rate, rate + s*(count_limits(t, l) - t)) }
reference <- rowSums(cnt)/rowSums(pop); expect <- colSums(pop*reference); O <- colSums(cnt)
G$public_health <- list(count = cnt, population = pop, squares = squares, standard = esp, observed = O, expected = expect, smr = O/expect,
  levels = lapply(c(l90 = .9, l95 = .95, l998 = .998), function(l) list(dsr = t(sapply(1:areas, dsr, l, cnt)), dsr_squares = t(sapply(1:areas, dsr, l, squares)), smr = t(sapply(1:areas, function(j) count_limits(O[j], l)/expect[j])),
    crude = t(sapply(1:areas, function(j) count_limits(O[j], l)/sum(pop[, j]))), proportion = t(sapply(1:areas, function(j) prop.test(O[j], sum(pop[, j]), conf.level = l, correct = FALSE)$conf.int)))))
write_json(G, "risk_models_proofs.json", digits = NA, auto_unbox = TRUE, pretty = FALSE, na = "null", matrix = "rowmajor")
