-- SPDX-License-Identifier: MIT
-- The results store, in SQL that PostgreSQL and SQLite read alike. bio-serve makes what is missing when it connects;
-- pipelines write into the same tables. Times are UTC; digests are those of the library (models) and SHA-256 (data).

CREATE TABLE IF NOT EXISTS run (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL DEFAULT 'serve', -- ingest, features, train, batch, serve
  status TEXT NOT NULL DEFAULT 'running', -- then done or failed
  started TIMESTAMPTZ,
  finished TIMESTAMPTZ,
  detail TEXT -- JSON
);

CREATE TABLE IF NOT EXISTS dataset (
  id TEXT PRIMARY KEY, -- SHA-256 of its bytes
  name TEXT,
  source TEXT,
  records BIGINT,
  letters BIGINT,
  run TEXT REFERENCES run (id),
  created TIMESTAMPTZ
);

CREATE TABLE IF NOT EXISTS model (
  digest TEXT PRIMARY KEY,
  name TEXT,
  recipe TEXT,
  about TEXT, -- JSON, as `ba info --json` prints it
  run TEXT REFERENCES run (id),
  dataset TEXT REFERENCES dataset (id),
  created TIMESTAMPTZ
);

CREATE TABLE IF NOT EXISTS metric (
  run TEXT NOT NULL REFERENCES run (id),
  name TEXT NOT NULL,
  value DOUBLE PRECISION NOT NULL,
  model TEXT REFERENCES model (digest),
  PRIMARY KEY (run, name)
);

-- The same letters under the same name have the same score by the same model, to the bit: one row, however often they
-- are sent. A request's id begins with its time, so rows by (request, n) are rows in time.
CREATE TABLE IF NOT EXISTS prediction (
  request TEXT NOT NULL,
  n INTEGER NOT NULL, -- of the record in the request, from 1
  run TEXT NOT NULL REFERENCES run (id),
  model TEXT NOT NULL REFERENCES model (digest),
  name TEXT NOT NULL,
  sequence TEXT NOT NULL, -- SHA-256 of the letters
  class TEXT, -- NULL for a model of numbers
  probability DOUBLE PRECISION, -- of the second of two classes, else of the class predicted
  value DOUBLE PRECISION, -- of a model of numbers
  score DOUBLE PRECISION,
  at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (request, n),
  UNIQUE (sequence, name, model)
);

CREATE INDEX IF NOT EXISTS prediction_name ON prediction (name, request, n);
