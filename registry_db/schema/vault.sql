-- The vault: patient level, pseudonymised. One table `record_<dataset>` per dataset is added when it is defined.
create table layout (number integer not null);   -- of these tables; raised when they change, see connect.LAYOUT
insert into layout values (7);
create table definition (
    kind varchar not null, id varchar not null, version varchar not null,
    status varchar not null, hash varchar not null, file_name varchar not null, text varchar not null,
    defined_at timestamp not null,
    primary key (kind, id, version)
);
create table status_change (              -- the life of a version; rows are added, never changed
    kind varchar not null, id varchar not null, version varchar not null,
    status varchar not null, hash varchar not null,
    decided_by varchar not null, why varchar not null, decided_at timestamp not null
);
create table delivery (
    delivery varchar primary key,
    seq bigint not null unique,            -- order of arrival
    dataset varchar not null,              -- or a table of it: `dataset.table`
    dataset_hash varchar not null,
    file_name varchar not null, sha256 varchar not null,
    rows bigint not null, accepted bigint not null, quarantined bigint not null,
    passed_over bigint not null,           -- rows of the file that are not of this table
    replaces varchar, superseded_by varchar,
    received_at timestamp not null
);
create table quarantine (
    delivery varchar not null, line bigint not null,
    column_name varchar not null, value varchar, expected varchar not null,
    raw varchar not null                   -- the row's declared columns as JSON, identifiers left out
);
create table member (
    network_set varchar not null, network varchar not null, provider varchar not null,
    since date not null, until date
);
create table network_set_in_force (
    network_set varchar primary key, version varchar not null
);
create table share (                       -- of a provider's records; the weights of a day and number add up to 1
    network_set varchar not null,
    number integer not null,               -- 0 by membership, else by the shares of a class of records
    provider varchar not null,
    network varchar,                       -- null: outside every network
    since date not null, until date not null,
    weight decimal(3, 2) not null,
    first boolean not null                 -- true for one share of a day and number: it counts records once
);
create table model (
    indicator varchar not null, version varchar not null, period varchar not null,
    model varchar not null, kind varchar not null, n double not null,
    model_json varchar not null, diagnostics_json varchar not null, inputs_hash varchar not null,
    primary key (indicator, version, period)
);
create table benchmark (
    indicator varchar not null, version varchar not null, period varchar not null,
    providers integer not null, assessable integer not null,
    n double not null, observed double, expected double, reference double,
    tau double, phi double, n_reliable double, model varchar, inputs_hash varchar not null,
    test varchar, overdispersion varchar,  -- what the verdicts rest on, none for a fact
    allowed double,                        -- the tau2 or phi that they allow for
    primary key (indicator, version, period)
);
create table score (
    indicator varchar not null, version varchar not null, period varchar not null, provider varchar not null,
    n double not null, exposure double, observed double, expected double, ratio double,
    adjusted double, lower double, upper double,
    low998 double, low95 double, high95 double, high998 double,
    band varchar not null, reason varchar not null, reliability double,
    records double not null,               -- that count for it, in whole or in part
    fewest_alike double,                   -- of them, the fewest that count for one and the same part
    primary key (indicator, version, period, provider)
);
create table estimate (                    -- what a definition asks for beside the score
    indicator varchar not null, version varchar not null, period varchar not null, provider varchar not null,
    estimator varchar not null,            -- shrunken, predicted-expected, probability-worse, rank, direct
    value double not null, lower double, upper double,
    primary key (indicator, version, period, provider, estimator)
);
create table explanation (                 -- why the mean expectation of a provider is what it is
    indicator varchar not null, version varchar not null, period varchar not null, provider varchar not null,
    term varchar not null, part double not null,   -- what the case-mix term adds to that of everyone
    own double not null, everyone double not null,  -- own is everyone plus all parts
    primary key (indicator, version, period, provider, term)
);
create table patient_mix (                 -- who the patients of a provider are, beside everyone's
    indicator varchar not null, version varchar not null, period varchar not null, provider varchar not null,
    term varchar not null, level varchar not null,  -- no level: a mean, or the share of a flag
    own double, everyone double,
    records double, total double,          -- how many patients a share is, of how many; no records for a mean
    primary key (indicator, version, period, provider, term, level)
);
create table course (                      -- of an indicator of events, by month; see registry_db/monitoring.py
    indicator varchar not null, version varchar not null, period varchar not null, provider varchar not null,
    month varchar not null,                -- such as 2025-01
    n bigint not null, observed double not null, expected double not null,
    vlad double not null,                  -- expected less observed since the period began, at the end of the month
    cusum double not null, "limit" double not null, alarm boolean not null,
    odds_ratio double not null,            -- the change that the CUSUM looks for
    false_alarms double not null,          -- chance of an alarm in the period where nothing changed
    inputs_hash varchar not null,          -- that of the scores it stands beside
    primary key (indicator, version, period, provider, month)
);
create table state (
    indicator varchar not null, version varchar not null, period varchar not null, provider varchar not null,
    state varchar not null, reason varchar not null, n decimal(18, 2) not null
);
create table subgroup_score (              -- the score once more, for the subgroups of each stratifier
    indicator varchar not null, version varchar not null, period varchar not null,
    provider varchar not null,             -- '(all)' for all providers together
    stratifier varchar not null, subgroup varchar not null,  -- '(unknown)' where its value is not known
    n double not null, exposure double, observed double, expected double, ratio double,
    adjusted double, lower double, upper double, reason varchar not null,
    records double not null, fewest_alike double,  -- as in `score`
    primary key (indicator, version, period, provider, stratifier, subgroup)
);
create table subgroup_state (              -- of a stratifier the numbers add up to those in `state`
    indicator varchar not null, version varchar not null, period varchar not null, provider varchar not null,
    stratifier varchar not null, subgroup varchar not null,
    state varchar not null, reason varchar not null, n decimal(18, 2) not null
);
create table settlement (                  -- nothing is ever changed in it or taken out: what was settled stays
    contract varchar not null, version varchar not null, period varchar not null,
    settlement varchar not null, provider varchar not null, payer varchar not null, kind varchar not null,
    payment decimal(18, 2) not null, settlement_json varchar not null,
    number integer not null,               -- 1, and one more for each settlement that replaces it
    restatement_json varchar,              -- what it changes in the final one that it replaces, and why
    primary key (contract, period, payer, number)
);
create view settlement_in_force as
select * from settlement
qualify number = max(number) over (partition by contract, period);
create table luck (
    settlement varchar primary key,        -- hash of contract and inputs
    luck_json varchar not null
);
