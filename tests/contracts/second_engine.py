"""The settlement a second time, from the reference formulas, in fractions, on plain data.

``C = sum min(cost, T) + (1 - rho) above``; ``B = base trend risk`` (growth-capped), less discount;
``D = B - C - project costs``; ``G = D`` or ``D - m B`` if ``D / B`` passes ``m``;
``pay = min(rate G, cap B)`` with bonus and deductions in the order of the contract;
``owe = phase min(lossrate |G|, limits) - relief``; rounded once. Several payers: one quality, the saving of
each or of all held against the threshold, and each pays on its own. A payment is split by largest remainder.
``next base = mean(indexed own actuals) + lambda mean payment``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist
from typing import Any

F = Fraction
ZERO, ONE = F(0), F(1)


def q(value: Any) -> Fraction:
    return F(str(value))


def clip(value: Fraction, low: Fraction = ZERO, high: Fraction = ONE) -> Fraction:
    return min(max(value, low), high)


@dataclass
class Looked:
    """What the threshold looks at: of one payer, or of all together."""

    target: Fraction
    saving: Fraction
    records: Fraction


def cost_again(terms: dict[str, Any], row: dict[str, Any]) -> Fraction:
    if row.get("interim"):
        return sum((q(part["spending"]) / q(part["factor"]) for part in row["interim"]), ZERO)
    rest = 1 - q(terms["spending"]["payer_share_above"])
    return q(row["spending"]) + rest * q(row.get("above") or 0)


def target_again(
    terms: dict[str, Any], facts: dict[str, Any], score: Fraction, seen: Counter[str]
) -> Fraction:
    rule = terms["target"]
    amount = _target(terms, rule, facts, seen)
    if "path" in rule:
        amount *= q(rule["path"][facts["period"]])
    if "discount" in rule:
        seen["discounted"] += 1
        amount *= 1 - rate_again(rule["discount"], score, ZERO, facts)
    return amount


def _target(
    terms: dict[str, Any], rule: dict[str, Any], facts: dict[str, Any], seen: Counter[str]
) -> Fraction:
    n = q(facts["records"])
    group = {row["period"]: row for row in facts.get("comparison", ())}
    if rule["kind"] == "delivered":
        return q(facts["target"])
    if rule["kind"] == "stated":
        amount = q(rule["amounts"][facts["period"]])
        return amount * n if rule["basis"] == "per-record" else amount
    if rule["kind"] == "comparison-group":
        row = group[facts["period"]]
        return cost_again(terms, row) / q(row["records"]) * n * _risk(rule, facts, row, seen)
    if rule["kind"] == "blend":
        seen["blended"] += 1
        own, rest = q(rule["own_weight"]), 1 - q(rule["own_weight"])
        return own * _target(terms, rule["own"], facts, seen) + rest * _target(
            terms, rule["group"], facts, seen
        )
    history = {row["period"]: row for row in facts["baselines"]}
    whole = sum(q(part["weight"]) for part in rule["baseline"])
    answer = ZERO
    for part in rule["baseline"]:
        row = history[part["period"]]
        money = cost_again(terms, row) * _index(terms, rule, facts, part["period"], group)
        if rule["basis"] == "per-record":
            money = money * n / q(row["records"])
        answer += money * _risk(rule, facts, row, seen) * q(part["weight"]) / whole
    return answer


def _index(
    terms: dict[str, Any], rule: dict[str, Any], facts: dict[str, Any], since: str, group: dict[str, Any]
) -> Fraction:
    trend = rule["trend"]
    if trend.get("kind") == "comparison-group":
        now, then = group[facts["period"]], group[since]
        level = cost_again(terms, now) / q(now["records"])
        return level / (cost_again(terms, then) / q(then["records"]))
    index = ONE
    for _ in range(int(facts["period"]) - int(since)):
        index = index * (1 + q(trend["rate"])) if trend["growth"] == "compound" else index + q(trend["rate"])
    return index


def _risk(rule: dict[str, Any], facts: dict[str, Any], row: dict[str, Any], seen: Counter[str]) -> Fraction:
    if "case_mix" not in rule:
        return ONE
    ratio, limit = q(facts["risk"]) / q(row["risk"]), rule["case_mix"]["limit"]
    if limit == "none":
        return ratio
    low = 1 - q(limit) if rule["case_mix"]["limited"] == "both-ways" else ratio
    seen["risk_limited"] += not low <= ratio <= 1 + q(limit)
    return clip(ratio, min(low, 1 + q(limit)), 1 + q(limit))


def rate_again(rule: dict[str, Any], score: Fraction, size: Fraction, facts: dict[str, Any]) -> Fraction:
    kind = rule.get("kind", "linear")
    if kind in ("parts", "sliding", "corridors"):
        return _rate_of_size(rule, size)
    if kind == "cases":
        for case in rule["cases"]:
            if facts["findings"][case["when"]]:
                return rate_again(case["rate"], score, size, facts)
        return q(rule["otherwise"])
    if kind == "steps":
        rate = ZERO
        for step in rule["steps"]:
            if score >= q(step["from_score"]):
                rate = q(step["rate"])
        return rate
    low, high = q(rule["base"]), q(rule["at_full_quality"])
    return clip(low * (1 - score) + high * score, q(rule.get("minimum", 0)), q(rule.get("maximum", 1)))


def _rate_of_size(rule: dict[str, Any], size: Fraction) -> Fraction:
    if rule["kind"] == "parts":
        return q(rule["participant"]) / (q(rule["participant"]) + sum(map(q, rule["others"].values())))
    if rule["kind"] == "corridors":
        if size == 0:
            return ZERO
        earned, below = ZERO, ZERO
        for corridor in rule["corridors"]:
            top = q(corridor["up_to"]) if "up_to" in corridor else max(size, below)
            earned += q(corridor["rate"]) * (clip(size, below, max(top, below)) - below)
            below = max(top, below)
        return earned / size
    low, high = q(rule["from_savings_rate"]), q(rule["to_savings_rate"])
    way = clip((size - low) / (high - low))
    return (1 - way) * q(rule["from_rate"]) + way * q(rule["to_rate"])


def attained_again(
    rule: dict[str, Any], score: dict[str, Any], quality: dict[str, Any], period: str
) -> Fraction:
    if rule["by"] == "reporting":
        return reported_again(score)
    if rule["by"] == "band":
        return q(rule["attained"][score["band"]])
    if rule["by"] == "benchmark":
        place, points = q(score["position"]), rule["points"]
        below = [p for p in points if q(p["from_position"]) <= place]
        above = [p for p in points if q(p["from_position"]) > place]
        if not below:
            return ZERO
        low = below[-1]
        if rule["between"] == "step" or not above:
            return q(low["attained"])
        a, b = q(low["from_position"]), q(above[0]["from_position"])
        return (q(low["attained"]) * (b - place) + q(above[0]["attained"]) * (place - a)) / (b - a)
    value = q(score["adjusted"])
    if quality["value"] == "reliability-weighted":
        value = q(score["reliability"]) * value + (1 - q(score["reliability"])) * q(score["reference"])
    scale = 10 ** quality["digits"]
    value = F(math.floor(value * scale + F(1, 2)), scale)
    if rule["by"] == "improvement":
        base = q(score["baseline"] if rule["baseline"] == "as-delivered" else rule["baseline"])
        better = base - value if rule["better"] == "lower" else value - base
        way = clip(better / (base if rule["measured"] == "relative" else ONE) / q(rule["path"][period]))
        return way if rule["partial"] == "proportional" or way == 1 else ZERO
    worst, best = q(rule["threshold"]), q(rule["target"])
    return clip((value - worst) / (best - worst))


def reported_again(score: dict[str, Any]) -> Fraction:
    return F(score["adjusted"] is not None if score["reported"] is None else score["reported"])


def _handled(quality: dict[str, Any], rule: dict[str, Any], score: dict[str, Any]) -> str:
    if rule["attain"]["by"] == "reporting":
        return "judged"
    if score["band"] == "not-assessable":
        return str(quality["not_assessable"])
    if not score["ripe"] and quality["not_ripe"] != "ripe-records":
        return str(quality["not_ripe"])
    if "too_small" in quality and q(score["n"]) < quality["too_small"]["records"]:
        return str(quality["too_small"]["then"])
    if "reliability" in quality and q(score["reliability"]) < q(quality["reliability"]["floor"]):
        return str(quality["reliability"]["below_floor"])
    return "judged"


def quality_again(terms: dict[str, Any], facts: dict[str, Any], seen: Counter[str]) -> tuple[Fraction, bool]:
    """Score, and whether a minimum was missed."""
    quality = terms["quality"]
    scores = {row["indicator"]: row for row in facts["results"]}
    within: dict[Any, list[Fraction]] = {}
    missed = False
    for rule in quality["indicators"]:
        score, weight = scores[rule["indicator"]], q(rule["weight"])
        how = _handled(quality, rule, score)
        seen["not_judged"] += how != "judged"
        if how == "leave-out":
            continue
        # the weights of indicators hold within their horizon, where horizons have weights
        horizon = rule["horizon"] if "horizon_weights" in quality else None
        sums = within.setdefault(horizon, [ZERO, ZERO])
        sums[1] += weight
        got = ZERO
        if how == "reporting":
            got = reported_again(score)
        elif how == "judged":
            got = attained_again(rule["attain"], score, quality, facts["period"])
            missed = missed or got < q(rule.get("minimum_attained", 0))
            seen["improved"] += rule["attain"]["by"] == "improvement" and got > 0
        sums[0] += weight * got
    of_horizon = {h: ONE if h is None else q(quality["horizon_weights"][str(h)]) for h in within}
    seen["horizons"] += len(within) > 1
    total = sum(of_horizon[h] * earned / possible for h, (earned, possible) in within.items())
    total = F(total) / sum(of_horizon.values())
    missed = missed or total < q(quality.get("minimum_score", 0))
    seen["missed"] += missed
    seen["partly_attained"] += 0 < total < 1
    seen["weighted"] += quality["value"] == "reliability-weighted"
    return (ZERO if missed else total), missed


def threshold_again(
    rule: dict[str, Any], facts: dict[str, Any], seen: Counter[str], size: Fraction | None = None
) -> Fraction:
    rate, n = rule["rate"], q(facts["records"]) if size is None else size
    if not isinstance(rate, dict):
        return q(rate)
    if rate["by"] == "choice":
        if facts.get("chosen_threshold") is not None:
            return q(facts["chosen_threshold"])
        seen["left_to_table"] += 1
        rate = rate["otherwise"]
    if rate["by"] == "significance":
        seen["significance"] += 1
        return _not_by_luck(rate, n)
    seen["table"] += 1
    n = F(math.floor(n))
    (row,) = [row for row in rate["table"] if row["from_records"] <= n <= row.get("to_records", n)]
    if rate["between"] == "step" or "to_rate" not in row:
        return q(row["from_rate"])
    slope = (q(row["to_rate"]) - q(row["from_rate"])) / (row["to_records"] - row["from_records"])
    return q(row["from_rate"]) + slope * (n - row["from_records"])


def _not_by_luck(rate: dict[str, Any], n: Fraction) -> Fraction:
    """``z cv / sqrt(n)`` rounded half up: the k with (k - 1/2)^2 n <= (z cv 10^d)^2 < (k + 1/2)^2 n."""
    scale = 10 ** rate["digits"]
    size = q(repr(NormalDist().inv_cdf(1 - float(rate["error"])))) * q(rate["cv"]) * scale
    k = math.floor(float(size) / math.sqrt(float(n))) - 1
    while (k + F(1, 2)) ** 2 * n <= size**2:
        k += 1
    return F(k, scale)


def savings_again(
    terms: dict[str, Any], facts: dict[str, Any], seen: Counter[str]
) -> tuple[Fraction, Looked]:
    """Saving after project costs, and what of it the threshold looks at."""
    score, _ = quality_again(terms, facts, Counter())
    target = target_again(terms, facts, score, seen)
    gross = target - cost_again(terms, facts)
    seen["above"] += bool(facts.get("above"))
    costs = ZERO
    if "project_costs" in terms:
        seen["project_costs"] += 1
        costs = min(
            q(facts["project_costs"]), q(terms["project_costs"].get("at_most", facts["project_costs"]))
        )
    saving = gross - costs
    looked_at = saving
    if costs and terms["project_costs"]["threshold_judges"] == "gross-saving":
        looked_at = gross
    return saving, Looked(target, looked_at, q(facts["records"]))


def pool_again(terms: dict[str, Any], facts: Iterable[dict[str, Any]], seen: Counter[str]) -> Looked:
    """What the threshold looks at of all payers together."""
    each = [savings_again(terms, own, seen)[1] for own in facts]
    sizes = [one.records for one in each]
    return Looked(
        sum((one.target for one in each), ZERO),
        sum((one.saving for one in each), ZERO),
        sizes[0] if "shares" in terms["parties"] else sum(sizes, ZERO),
    )


def payment_again(
    terms: dict[str, Any], facts: dict[str, Any], seen: Counter[str], pool: Looked | None = None
) -> Fraction | None:
    """The payment of one payer; None where nothing is settled."""
    score, missed = quality_again(terms, facts, seen)
    saving, own = savings_again(terms, facts, seen)
    target, looked = own.target, pool or own
    population = terms["population"]
    if population["below_minimum"] == "no-settlement" and looked.records < population["minimum_records"]:
        seen["refused"] += 1
        return None
    if saving < 0 and terms["losses"] != "none":
        answer = _loss_again(terms, facts, target, saving, looked, score, seen)
    else:
        answer = _gain_again(terms, facts, target, saving, looked, score, missed, seen)
    if "withhold" in terms:
        seen["withheld"] += 1
        held = terms["withhold"]
        earned = rate_again(held["earned"], score, ZERO, facts)
        part = earned if held["settled_as"] == "returned" else earned - 1
        rate = held["rate"][facts["period"]] if isinstance(held["rate"], dict) else held["rate"]
        answer += q(rate) * target * part
    seen["paid"] += answer > 0
    seen["owed"] += answer < 0
    return round_again(answer, saving, terms["rounding"]["unit"])


def round_again(amount: Fraction, saving: Fraction, unit: str) -> Fraction:
    """A half upwards in size; never past the saving, unless more was due in the first place."""
    step, size = (F(1, 100) if unit == "cent" else ONE), abs(amount)
    steps = math.floor(size / step + F(1, 2))
    room = max(saving if amount >= 0 else -saving, ZERO)
    if steps * step > room >= size:
        steps -= 1
    return steps * step if amount >= 0 else -steps * step


def portions_again(amount: Fraction, weights: Iterable[tuple[str, Any]], unit: str) -> dict[str, Fraction]:
    """Whole units by largest remainder; of equal remainders the first in the order of the file."""
    step, rows = (F(1, 100) if unit == "cent" else ONE), [(name, q(weight)) for name, weight in weights]
    ideal = [abs(amount) / step * weight / sum(w for _, w in rows) for _, weight in rows]
    units = [math.floor(each) for each in ideal]
    while sum(units) * step < abs(amount):
        gaps = [each - number for each, number in zip(ideal, units, strict=True)]
        units[gaps.index(max(gaps))] += 1
    sign = -1 if amount < 0 else 1
    return {name: sign * number * step for (name, _), number in zip(rows, units, strict=True)}


def others_again(
    terms: dict[str, Any], facts: dict[str, Any], payment: Fraction, pool: Looked | None = None
) -> dict[str, Fraction]:
    """What other parties get of a saving that falls in parts; empty without one."""
    saving, own = savings_again(terms, facts, Counter())
    rule, looked = terms["threshold"], pool or own
    if terms["share"].get("kind") != "parts" or saving <= 0:
        return {}
    minimum = threshold_again(rule, facts, Counter(), looked.records)
    if _stopped(terms, facts, Counter(), looked, loss=False):
        return {}
    counts = ZERO
    if _passed(rule, looked.saving, minimum * looked.target):
        counts = max(saving - (minimum * own.target if rule["mode"] == "deductible" else 0), ZERO)
    elif _reduced(rule, facts, looked):
        counts = saving
    if counts <= 0:
        return {}
    unit = terms["rounding"]["unit"]
    left = round_again(counts, counts, unit) - payment
    return portions_again(left, terms["share"]["others"].items(), unit)


def rebased_again(rule: dict[str, Any], years: list[dict[str, Any]]) -> Fraction:
    """Target after the term, from records, spending and payment of each year, oldest first."""
    base = int(years[-1]["period"]) + (rule["prices_of"] == "year-after")
    whole, answer = sum(map(q, rule["weights"])), ZERO
    for weight, year in zip(rule["weights"], years, strict=True):
        index, rate = ONE, q(rule["trend"]["rate"])
        for _ in range(base - int(year["period"])):
            index = index * (1 + rate) if rule["trend"]["growth"] == "compound" else index + rate
        size = q(year["records"]) if rule["basis"] == "per-record" else ONE
        answer += q(weight) / whole * index * q(year["spending"]) / size
        answer += q(rule["add_back"]) * q(year["payment"]) / size / len(years)
    return answer


def _stopped(
    terms: dict[str, Any], facts: dict[str, Any], seen: Counter[str], looked: Looked, *, loss: bool
) -> bool:
    few = looked.records < terms["population"]["minimum_records"]
    seen["too_few"] += few
    for each in terms.get("suspended", ()):
        if facts["findings"][each["when"]] and not (loss and each["covers"] == "savings"):
            seen["suspended"] += 1
            return True
    return few


def _passed(rule: dict[str, Any], size: Fraction, minimum: Fraction) -> bool:
    return size > 0 and (size > minimum or (size == minimum and rule["passes_when"] == "at_or_above"))


def _reduced(rule: dict[str, Any], facts: dict[str, Any], looked: Looked) -> bool:
    """A saving that does not pass, and yet earns a part of the share."""
    below = rule.get("below")
    if below is None or looked.saving <= 0 or looked.records < below["minimum_records"]:
        return False
    return bool(facts["findings"][below["when"]])


def _gain_again(
    terms: dict[str, Any],
    facts: dict[str, Any],
    target: Fraction,
    saving: Fraction,
    looked: Looked,
    score: Fraction,
    missed: bool,
    seen: Counter[str],
) -> Fraction:
    rule = terms["threshold"]
    rate = threshold_again(rule, facts, seen, looked.records)
    minimum, least = rate * target, rate * looked.target
    stopped = _stopped(terms, facts, seen, looked, loss=False)
    passed = not stopped and _passed(rule, looked.saving, least)
    reduced = not stopped and not passed and _reduced(rule, facts, looked)
    seen.update(
        at_threshold=looked.saving == least > 0,
        overspent=saving < 0,
        reduced=reduced,
        below_threshold=0 < looked.saving < least,
    )
    counts = ZERO
    if reduced or passed:
        counts = max(saving - (minimum if passed and rule["mode"] == "deductible" else 0), ZERO)
    share = rate_again(terms["share"], score, counts / target, facts)
    seen[terms["share"].get("kind", "linear")] += 1
    if reduced:
        share *= q(rule["below"]["share_times"])
    if missed and terms["quality"]["minimum_missed"] == "no-payment":
        share = ZERO
    return _with_bonus_and_cap(terms, facts, target, saving, share * counts, counts, stopped, score, seen)


def _with_bonus_and_cap(
    terms: dict[str, Any],
    facts: dict[str, Any],
    target: Fraction,
    saving: Fraction,
    shared: Fraction,
    counts: Fraction,
    stopped: bool,
    score: Fraction,
    seen: Counter[str],
) -> Fraction:
    def kept(when: str) -> Fraction:
        left = ONE
        for each in terms.get("deductions", ()):
            if each["when"] == when:
                seen["deducted"] += 1
                left *= 1 - q(each["rate"])
        return left

    bonus, rule = ZERO, terms.get("bonus")
    if rule and not stopped and (counts > 0 or rule["without_counted_saving"] == "paid"):
        size = rule["size"]
        whole = q(size["euros"]) if size["rate_of"] == "none" else q(size["rate"]) * target
        bonus = whole * rate_again(rule["earned"], score, ZERO, facts)
        if rule["limit"] == "remaining-saving":
            room = max(saving, ZERO) - shared
            seen["bonus_limited"] += bonus > room
            bonus = min(bonus, room)
        seen["bonus"] += bonus > 0
    share = shared * kept("before-bonus") * kept("before-cap")
    bonus *= kept("before-cap")
    if terms["cap"]["rate_of"] == "target":
        limit = terms["cap"]["rate"]
        limit = q(limit[facts["period"]] if isinstance(limit, dict) else limit) * target
        covered = share if rule and terms["cap"]["covers"] == "share" else share + bonus
        seen["capped"] += covered > limit
        return (min(covered, limit) + (share + bonus - covered)) * kept("after-cap")
    return (share + bonus) * kept("after-cap")


def _loss_again(
    terms: dict[str, Any],
    facts: dict[str, Any],
    target: Fraction,
    saving: Fraction,
    looked: Looked,
    score: Fraction,
    seen: Counter[str],
) -> Fraction:
    rule = terms["losses"]
    rate = threshold_again(rule["threshold"], facts, seen, looked.records)
    minimum = rate * target
    seen["overspent"] += 1
    stopped = _stopped(terms, facts, seen, looked, loss=True)
    if stopped or not _passed(rule["threshold"], -looked.saving, rate * looked.target):
        return ZERO
    size = max(-saving - (minimum if rule["threshold"]["mode"] == "deductible" else 0), ZERO)
    owed = rate_again(rule["rate"], score, size / target, facts) * size
    phase = q(rule["phase_in"][facts["period"]]) if "phase_in" in rule else ONE
    seen["phased"] += phase not in (ZERO, ONE)
    if rule.get("phase") == "before-limits":
        owed, phase = owed * phase, ONE
    for limit in rule["limits"]:
        base = target if limit["rate_of"] == "target" else facts["revenue"]
        holds = facts["findings"].get(limit.get("when"), True)
        holds = holds and not facts["findings"].get(limit.get("unless"), False)
        seen["limit_lifted"] += not holds
        if base is not None and holds:
            most = limit["rate"][facts["period"]] if isinstance(limit["rate"], dict) else limit["rate"]
            seen["limited"] += owed > q(most) * q(base)
            owed = min(owed, q(most) * q(base))
    owed *= phase
    if rule["relief"] == "as-established":
        seen["relieved"] += owed > 0 and facts["loss_relief"] != "0"
        owed = max(owed - q(facts["loss_relief"]), ZERO)
    return -owed
