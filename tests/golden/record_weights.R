# Golden numbers for tests/risk_models/test_record_weights.py: a provider for whom some records count in part.
# The distribution of the weighted events is that of the generalised Poisson-binomial distribution of the R package
# PoissonBinomial (Zhang, Hong, Balakrishnan 2018, doi:10.1080/00949655.2018.1440294), by its divide-and-conquer
# convolution; the interval is by uniroot on its tails at shifted odds. Run in this folder: Rscript record_weights.R
suppressMessages({library(jsonlite); library(PoissonBinomial)})
case <- function(n, seed, shares) {
  RNGkind("Mersenne-Twister", "Inversion", "Rejection"); set.seed(seed)
  risk <- round(runif(n, .01, .3), 4); weight <- sample(c(100, shares), n, TRUE, c(.7, rep(.3/length(shares), length(shares))))
  y <- rbinom(n, 1, plogis(qlogis(risk) + .35))
  o <- sum(weight*y); zero <- rep(0, n); all <- sum(weight)
  at <- function(theta) plogis(qlogis(risk) + theta*weight/100)
  low <- function(theta) pgpbinom(o, at(theta), weight, zero, NULL, "Convolve")
  high <- function(theta) pgpbinom(o - 1, at(theta), weight, zero, NULL, "Convolve", lower.tail = FALSE)
  solve_at <- function(f) uniroot(function(theta) log(f(theta)) - log(.025), c(-6, 6), tol = 1e-12)$root
  ratio <- function(theta) sum(weight*at(theta))/sum(weight*risk)
  f <- dgpbinom(NULL, risk, weight, zero, NULL, "Convolve"); s <- 0:all
  below <- cumsum(f); above <- rev(cumsum(rev(f))); there <- s[f > 0]
  limits <- c(max(there[below[there + 1] <= .001]), max(there[below[there + 1] <= .025]),
              min(there[above[there + 1] <= .025]), min(there[above[there + 1] <= .001]))
  norm <- uniroot(function(theta) ratio(theta) - 1.3, c(-6, 6), tol = 1e-13)$root
  list(norm_ratio = 1.3, norm_low = low(norm), norm_high = high(norm), risk = risk, weight = weight/100, y = y, observed = o/100, expected = sum(weight*risk)/100,
       variance = sum(weight^2*risk*(1 - risk))/1e4, p_low = low(0), p_high = high(0),
       limits = limits/100, lower = ratio(solve_at(high)), upper = ratio(solve_at(low)),
       at = s[seq(1, all + 1, length.out = 60)]/100, chance = f[seq(1, all + 1, length.out = 60)])
}
G <- list(meta = list(R = R.version.string, PoissonBinomial = as.character(packageVersion("PoissonBinomial"))),
          few = case(25, 1, c(35, 65)), many = case(300, 2, c(10, 25, 40, 90)), uneven = case(80, 3, c(1, 33, 67, 99)))
write(toJSON(G, digits = NA, auto_unbox = TRUE, pretty = TRUE), "record_weights.json")
