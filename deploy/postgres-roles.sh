#!/usr/bin/env bash
# First start of the database: the owner of the tables, and the application's role, which owns none.
set -euo pipefail
psql --set ON_ERROR_STOP=1 --username postgres \
  --set owner_password="$(cat /run/secrets/owner_password)" \
  --set app_password="$(cat /run/secrets/app_password)" <<'SQL'
CREATE ROLE console_app LOGIN PASSWORD :'app_password';
CREATE ROLE console_owner LOGIN CREATEDB IN ROLE pg_signal_backend PASSWORD :'owner_password';
CREATE DATABASE console OWNER console_owner;
SQL
