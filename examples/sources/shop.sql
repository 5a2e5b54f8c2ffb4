-- SPDX-License-Identifier: MIT
-- A shop's sales, and a log of their changes in the lines of wal2json (format-version=2, include-transaction=false).
-- As PostgreSQL does, an update leaves out a long text that stays as it was (TOAST).
CREATE TABLE IF NOT EXISTS sale (
  id INTEGER PRIMARY KEY, sold INTEGER NOT NULL, store TEXT NOT NULL, sku TEXT NOT NULL, qty INTEGER NOT NULL,
  price REAL NOT NULL, customer TEXT, receipt TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS change (place INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS sale_inserted AFTER INSERT ON sale BEGIN
  INSERT INTO change (line) VALUES (json_object('action', 'I', 'schema', 'public', 'table', 'sale',
    'columns', json_array(
    json_object('name', 'id', 'type', 'integer', 'value', new.id),
    json_object('name', 'sold', 'type', 'bigint', 'value', new.sold),
    json_object('name', 'store', 'type', 'text', 'value', new.store),
    json_object('name', 'sku', 'type', 'text', 'value', new.sku),
    json_object('name', 'qty', 'type', 'integer', 'value', new.qty),
    json_object('name', 'price', 'type', 'double precision', 'value', new.price),
    json_object('name', 'customer', 'type', 'text', 'value', new.customer),
    json_object('name', 'receipt', 'type', 'text', 'value', new.receipt))));
END;
CREATE TRIGGER IF NOT EXISTS sale_updated AFTER UPDATE ON sale BEGIN
  INSERT INTO change (line) VALUES (json_remove(json_object('action', 'U', 'schema', 'public', 'table', 'sale',
    'columns', json_array(
      json_object('name', 'id', 'type', 'integer', 'value', new.id),
      json_object('name', 'sold', 'type', 'bigint', 'value', new.sold),
      json_object('name', 'store', 'type', 'text', 'value', new.store),
      json_object('name', 'sku', 'type', 'text', 'value', new.sku),
      json_object('name', 'qty', 'type', 'integer', 'value', new.qty),
      json_object('name', 'price', 'type', 'double precision', 'value', new.price),
      json_object('name', 'customer', 'type', 'text', 'value', new.customer),
      json_object('name', 'receipt', 'type', 'text', 'value', new.receipt)),
    'identity', json_array(json_object('name', 'id', 'type', 'integer', 'value', old.id))),
    CASE WHEN length(new.receipt) > 2000 AND new.receipt = old.receipt THEN '$.columns[7]' ELSE '$.none' END));
END;
CREATE TRIGGER IF NOT EXISTS sale_deleted AFTER DELETE ON sale BEGIN
  INSERT INTO change (line) VALUES (json_object('action', 'D', 'schema', 'public', 'table', 'sale',
    'identity', json_array(json_object('name', 'id', 'type', 'integer', 'value', old.id))));
END;
