# Golden numbers for tests/risk_models/test_cox_providers.py: what each provider does to a Cox model. Clustered errors, also with a ridge;
# fits without each provider; fits on draws of providers, each taken as often as it was drawn.
# Reads risk_models.csv, writes cox_providers.json. Needs jsonlite and survival. Run in this folder: Rscript cox_providers.R
suppressMessages({library(jsonlite); library(survival)})
d <- read.csv("risk_models.csv", stringsAsFactors = FALSE); N <- nrow(d)
d$entry <- ifelse(d$age %% 3 == 0, d$before %% 4, 0); d$exit <- d$entry + 1 + (round(7*d$before) + 3*d$age) %% 30
d$group <- (seq_len(N) - 1) %/% 50 # twelve providers of fifty records
fine <- coxph.control(eps = 1e-14, iter.max = 50, outer.max = 100)
by <- function(x) as.numeric(tapply(x, factor(d$group, 0:11), sum))
fit <- function(rows, ties) coxph(Surv(entry, exit, died) ~ age + diabetes, rows, ties = ties, control = fine)
# of new records: cumulative hazard times risk, without Efron's deduction
ahead <- function(m) predict(m, newdata = d, type = "expected")
G <- list(meta = list(R = R.version.string, survival = as.character(packageVersion("survival"))))

## ---------- clustered errors; twelve providers ------------------------------------------------------------------------------------------
for (ties in c("efron", "breslow")) { m <- coxph(Surv(entry, exit, died) ~ age + diabetes, d, ties = ties, robust = TRUE, cluster = group, control = fine)
  G$clustered[[ties]] <- unname(sqrt(diag(m$var))*sqrt(12/11)) }
# with a ridge, as in risk_models_proofs.R: columns by their standard deviation with denominator N; the scores are of the unpenalised likelihood
sdn <- function(x) sqrt(mean((x - mean(x))^2)); d$age_s <- d$age/sdn(d$age); d$diabetes_s <- d$diabetes/sdn(d$diabetes); s <- c(sdn(d$age), sdn(d$diabetes))
for (ties in c("efron", "breslow")) { m <- coxph(Surv(entry, exit, died) ~ ridge(age_s, diabetes_s, theta = 20, scale = FALSE), d, ties = ties, control = fine)
  # score residuals at these coefficients: of a fit that takes no step
  at <- coxph(Surv(entry, exit, died) ~ age_s + diabetes_s, d, ties = ties, init = coef(m), control = coxph.control(iter.max = 0))
  D <- rowsum(residuals(at, "score"), d$group) %*% m$var
  G$ridge[[ties]] <- unname(sqrt(diag(crossprod(D)*12/11)))/s }

## ---------- without each provider, and one step towards that ---------------------------------------------------------------------------
for (ties in c("efron", "breslow")) { whole <- fit(d, ties); all <- by(ahead(whole))
  without <- lapply(0:11, function(g) { m <- fit(d[d$group != g, ], ties); list(coef = unname(coef(m)), own = sum(ahead(m)[d$group == g])) })
  G$without[[ties]] <- list(change = t(sapply(without, `[[`, "coef")) - rep(unname(coef(whole)), each = 12), ratio = sapply(without, `[[`, "own")/all,
    dfbeta = unname(rowsum(residuals(whole, "dfbeta"), d$group))) }

## ---------- draws of providers: numpy.random.default_rng(7).choice(12, 12), three times over, counted ------------------------------------
drawn <- rbind(c(1, 0, 1, 2, 0, 0, 1, 1, 1, 1, 3, 1), c(1, 2, 0, 2, 1, 2, 0, 0, 0, 3, 1, 0), c(0, 0, 0, 1, 0, 2, 4, 0, 1, 2, 0, 2))
for (ties in c("efron", "breslow")) { draws <- lapply(1:3, function(k) fit(d[rep(seq_len(N), drawn[k, d$group + 1]), ], ties))
  G$draws[[ties]] <- list(drawn = drawn, expected = by(ahead(fit(d, ties))), coef = t(sapply(draws, coef)), own = t(sapply(draws, function(m) by(ahead(m))))) }
write_json(G, "cox_providers.json", digits = NA, auto_unbox = TRUE, pretty = FALSE, matrix = "rowmajor")
