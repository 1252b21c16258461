# Golden numbers for tests/risk_models, second part: counts, clustered errors, survival, direct standardisation, fit of a model.
# Reads risk_models.csv, writes risk_models_fits.json. Needs jsonlite, survival and sandwich. Run in this folder: Rscript risk_models_fits.R
suppressMessages({library(jsonlite); library(survival); library(sandwich)})
d <- read.csv("risk_models.csv", stringsAsFactors = FALSE, na.strings = "NA"); N <- nrow(d)
d$parity[d$parity == ""] <- "(missing)"; d$parity <- relevel(factor(d$parity), "one")
# outcomes and weights that follow from the columns, so that no other file is needed
d$days <- 1 + d$age %% 7; d$falls <- d$died + d$diabetes*(d$before > 25) + (d$age %% 11 == 0)
d$entry <- ifelse(d$age %% 3 == 0, d$before %% 4, 0); d$exit <- d$entry + 1 + (round(7*d$before) + 3*d$age) %% 30
d$weight <- 1 + d$age %% 4
tight <- glm.control(epsilon = 1e-15, maxit = 100)
coefs <- function(m, V) list(coef = unname(coef(m)), se = unname(sqrt(diag(V))), names = names(coef(m)))
by <- function(x) as.numeric(tapply(x, factor(d$provider, 0:8), sum))
G <- list(meta = list(R = R.version.string, survival = as.character(packageVersion("survival")), sandwich = as.character(packageVersion("sandwich"))))

## ---------- counts, and clustered errors ------------------------------------------------------
pois <- glm(falls ~ age + parity + diabetes + offset(log(days)), poisson, d, control = tight)
logi <- glm(died ~ age + parity + diabetes, binomial, d, control = tight)
line <- lm(after ~ before + age + parity, d)
G$poisson <- c(coefs(pois, vcov(pois)), list(rate = unname(fitted(pois)/d$days), log_likelihood = as.numeric(logLik(pois)) + sum(lgamma(d$falls + 1)) - sum(d$falls*log(d$days)),
  pearson = sum(residuals(pois, "pearson")^2)/pois$df.residual, deviance = deviance(pois)))
cl <- function(m) unname(sqrt(diag(vcovCL(m, cluster = d$provider, type = "HC0", cadjust = TRUE))))
G$clustered <- list(logistic = cl(logi), poisson = cl(pois), linear = cl(line))

## ---------- survival ---------------------------------------------------------------------------
fine <- coxph.control(eps = 1e-14, iter.max = 50)
cox <- function(f, ...) { m <- coxph(f, d, control = fine, ...); c(coefs(m, vcov(m)), list(log_likelihood = m$loglik[2], E = by((d$died - residuals(m, "martingale"))))) }
frame <- function(m, w = NULL) c(coefs(m, m$var), list(log_likelihood = m$loglik[2]))
rows <- d[rep(seq_len(N), d$weight), ]
e1 <- coxph(Surv(entry, exit, died) ~ age + diabetes, d, ties = "efron", control = fine)
G$cox <- list(efron = cox(Surv(exit, died) ~ age + diabetes, ties = "efron"), breslow = cox(Surv(exit, died) ~ age + diabetes, ties = "breslow"),
  truncated_efron = cox(Surv(entry, exit, died) ~ age + diabetes, ties = "efron"), truncated_breslow = cox(Surv(entry, exit, died) ~ age + diabetes, ties = "breslow"),
  strata_efron = cox(Surv(entry, exit, died) ~ age + diabetes + strata(parity), ties = "efron"),
  repeated_efron = frame(coxph(Surv(entry, exit, died) ~ age + diabetes, rows, ties = "efron", control = fine)),
  repeated_breslow = frame(coxph(Surv(entry, exit, died) ~ age + diabetes, rows, ties = "breslow", control = fine)),
  shared_breslow = { m <- coxph(Surv(entry, exit, died) ~ age + diabetes, d, ties = "breslow", weights = weight/4, robust = FALSE, control = fine); frame(m) })
for (ties in c("efron", "breslow")) { m <- coxph(Surv(entry, exit, died) ~ age + diabetes, d, ties = ties, cluster = provider, control = fine)
  G$cox[[paste0("clustered_", ties)]] <- unname(sqrt(diag(m$var))*sqrt(9/8)) }
s12 <- survfit(e1, newdata = d); G$cox$survival <- list(at = 12, chance = unname(summary(s12, times = 12)$surv[1, ]))
km <- survfit(Surv(entry, exit, died) ~ 1, d); G$km <- list(at = c(3, 12, 25), chance = summary(km, times = c(3, 12, 25))$surv, se = summary(km, times = c(3, 12, 25))$std.err, restricted = as.list(unname(survival:::survmean(survfit(Surv(exit, died) ~ 1, d), rmean = 20)$matrix[c("rmean", "se(rmean)")])))
write_json(G, "risk_models_fits.json", digits = NA, auto_unbox = TRUE, pretty = FALSE, na = "null", matrix = "rowmajor")
