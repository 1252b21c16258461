-- The publication: aggregates only, small cells already suppressed. App and API open nothing else.
create table publication (
    id varchar primary key,            -- hash of the content below
    registry varchar not null,         -- name of the registry
    generated boolean not null,        -- true if any of the data are generated
    small_cell integer not null,       -- scores and counts of fewer patients are suppressed
    cut_off date,                      -- day on which the data end
    meetlat varchar not null,          -- version that made it
    published_at timestamp not null
);
create table dataset (
    dataset varchar primary key, version varchar not null, title_nl varchar not null, title_en varchar not null,
    source_nl varchar not null, source_en varchar not null, generated boolean not null, hash varchar not null
);
create table dataset_column (
    dataset varchar not null, column_name varchar not null, title_nl varchar not null, title_en varchar not null
);
create table dataset_level (          -- of categories, and bands of numbers; without a title it is not here
    dataset varchar not null, column_name varchar not null, level varchar not null,
    title_nl varchar not null, title_en varchar not null
);
create table delivery (
    delivery varchar primary key, dataset varchar not null, file_name varchar not null, received_at timestamp not null,
    rows bigint not null, accepted bigint not null, quarantined bigint not null, superseded boolean not null
);
create table organisation (
    provider varchar primary key,      -- code of a provider or network
    name varchar not null,
    kind varchar not null              -- 'provider' or the id of a network set
);
create table indicator (
    indicator varchar not null, version varchar not null, status varchar not null, horizon integer not null,
    title_nl varchar not null, title_en varchar not null, why_nl varchar not null, why_en varchar not null,
    steward varchar not null, dataset varchar not null, unit varchar not null,
    kind varchar not null,             -- structure, binary, count, continuous, change, top_box, time_to_event
    better varchar not null,           -- lower, higher
    expectation varchar not null,      -- none, own, external
    show_unit varchar not null,        -- percent (values are proportions, shown x 100), points, rate, or a time
    show_decimals integer not null, show_per integer not null default 1, show_of_nl varchar, show_of_en varchar,
    minimum_n integer not null,
    norm double, norm_kind varchar,
    definition varchar not null,       -- the YAML text
    hash varchar not null,
    response_json varchar,             -- of questionnaires: columns of the answer, and those a score needs besides;
                                       -- or the indicator of which the value is the response
    primary key (indicator, version)
);
create table model (
    model varchar not null,            -- hash; two indicators of the same records and outcome have the same one;
                                       -- of what is shown where effects are left out
    indicator varchar not null, version varchar not null, period varchar not null,
    kind varchar not null,             -- logistic, linear, poisson, cox
    n double not null, model_json varchar not null, diagnostics_json varchar not null,
    primary key (indicator, version, period)
);
create table benchmark (              -- all providers together, one row per indicator and period
    indicator varchar not null, version varchar not null, period varchar not null,
    providers integer not null, assessable integer not null,
    n double not null, observed double, expected double,
    reference double not null,         -- what an average provider has, on the scale of `adjusted`
    tau double,                        -- standard deviation between providers, on the scale of `adjusted`
    phi double,                        -- over-dispersion
    n_reliable double,                 -- records needed for a reliability of 0.7
    model varchar,
    test varchar,                      -- what interval, limits and verdict rest on; null for a fact
    overdispersion varchar,            -- none, additive, multiplicative
    allowed double,                    -- the tau2 or phi that the verdicts allow for
    primary key (indicator, version, period)
);
create table score (
    indicator varchar not null, version varchar not null, period varchar not null, provider varchar not null,
    n double, observed double, expected double,  -- numbers of events, or means for continuous and change
    ratio double,                      -- observed / expected, of events only
    adjusted double, lower double, upper double, -- 95 % interval on the scale of `adjusted`
    low998 double, low95 double, high95 double, high998 double,  -- this provider's funnel limits
    band varchar not null,             -- low998 low95 in high95 high998 not-assessable
    reason varchar not null,           -- why not assessable, else empty
    reliability double,
    -- expected, ratio, limits and reliability are null where the benchmark is not shown
    suppressed boolean not null,       -- then every number of this row is null
    exposure double,                   -- of a count: what its events are counted per
    primary key (indicator, version, period, provider)
);
create table estimate (               -- beside the score; not of organisations whose score is suppressed
    indicator varchar not null, version varchar not null, period varchar not null, provider varchar not null,
    estimator varchar not null,        -- shrunken, predicted-expected, probability-worse, rank, direct
    value double not null, lower double, upper double,  -- 95 % interval
    primary key (indicator, version, period, provider, estimator)
);
create table subgroup (               -- what the stratifiers of an indicator put its records into
    indicator varchar not null, version varchar not null, stratifier varchar not null,
    stratifier_nl varchar not null, stratifier_en varchar not null,
    subgroup varchar not null,         -- '(unknown)' where the value of a record is not known
    subgroup_nl varchar not null, subgroup_en varchar not null,
    position integer not null,         -- by which they are shown
    primary key (indicator, version, stratifier, subgroup)
);
create table subgroup_score (         -- of subgroups with records that count; see `score` for the numbers
    indicator varchar not null, version varchar not null, period varchar not null,
    provider varchar not null,         -- '(all)' for all providers together
    stratifier varchar not null, subgroup varchar not null,
    n double, exposure double, observed double, expected double, ratio double,
    adjusted double, lower double, upper double,
    reason varchar not null,           -- why the interval says little, else empty
    suppressed boolean not null,       -- then every number of this row is null
    primary key (indicator, version, period, provider, stratifier, subgroup)
);
create table course (                 -- of an indicator of events, by month or months taken together
    indicator varchar not null, version varchar not null, period varchar not null, provider varchar not null,
    first_month varchar not null, last_month varchar not null,  -- such as 2025-01
    ratio double not null,             -- observed / expected, rounded
    vlad double not null,              -- expected less observed since the period began, rounded
    cusum double not null,             -- highest value as a part of the limit, in twentieths
    alarm boolean not null,            -- whether it reached the limit
    signals varchar not null,          -- rules of the XmR chart that it meets: outside, shift, trend, two-of-three
    centre double, lower double, upper double,  -- of the XmR chart of all of the provider; null with under six
    odds_ratio double not null,        -- the change that the CUSUM looks for
    false_alarms double not null,      -- chance of an alarm in the period where nothing changed
    primary key (indicator, version, period, provider, first_month)
);
create table explanation (            -- as in the vault; of terms that are too small to be shown the sum only
    indicator varchar not null, version varchar not null, period varchar not null, provider varchar not null,
    term varchar not null, part double not null, own double not null, everyone double not null,
    primary key (indicator, version, period, provider, term)
);
create table patient_mix (            -- as in the vault; own is null where it is of few patients
    indicator varchar not null, version varchar not null, period varchar not null, provider varchar not null,
    term varchar not null, level varchar not null, own double, everyone double,
    primary key (indicator, version, period, provider, term, level)
);
create table state (                  -- where every delivered record went; n is null where suppressed
    indicator varchar not null, version varchar not null, period varchar not null, provider varchar not null,
    state varchar not null, reason varchar not null, n bigint
);
create table contract (                -- the text that the settlements below follow from
    contract varchar not null, version varchar not null, title_nl varchar not null, title_en varchar not null,
    definition varchar not null,       -- the YAML text
    hash varchar not null,             -- of what it says, as the settlements name it
    primary key (contract, version)
);
create table settlement (
    settlement varchar primary key,    -- hash of contract and inputs, or of settlement_json if that is not whole
    contract varchar not null, version varchar not null, title_nl varchar not null, title_en varchar not null,
    provider varchar not null,         -- the network or provider that the contract is with
    payer varchar not null, period varchar not null, kind varchar not null,  -- final, interim
    generated boolean not null, currency varchar not null, payment decimal(18, 2) not null,
    number integer not null,           -- 1, and one more for each settlement that replaced it
    restatement_json varchar,          -- what it changed in the final one before it: differences and causes
    settlement_json varchar not null   -- the ledger and the quality score, as contracts.Settlement.to_dict()
);
create table luck (                    -- how sure a settlement is; a settlement without evidence has no row
    settlement varchar primary key,
    luck_json varchar not null         -- chances and interval, goals, slopes and cliffs
);
