-- What is to be sent to webhooks, and what became of it: the outbox and the log of deliveries in one. A row
-- is written in the transaction of what it tells, where there is one. Messages are kept as `json`, which
-- takes escaped NUL characters.
create table outbox (
  id uuid primary key,
  position bigint generated always as identity unique,
  created_at timestamptz not null default now(),
  event text not null,
  definition text,
  webhook_id uuid not null,
  webhook_name text not null,
  message json not null,
  dedupe_ms bigint not null check (dedupe_ms >= 0),

  state text not null default 'pending'
    check (state in ('pending', 'sending', 'delivered', 'failed', 'dropped', 'duplicate')),
  -- When it is due; while it is being sent, when whoever does so is taken for dead.
  due_at timestamptz not null default now(),
  attempts integer not null default 0,
  status integer,
  error text,
  finished_at timestamptz,
  -- How many messages were left out because they said the same within the dedupe window.
  duplicates bigint not null default 0,
  constraint finished_in_a_final_state check ((finished_at is null) = (state in ('pending', 'sending')))
);

create index outbox_due on outbox (webhook_id, due_at, position) where finished_at is null;
create index outbox_finished on outbox (position) where finished_at is not null;
create index outbox_of_webhook on outbox (webhook_name, position);

-- What was said lately: the SHA-256, hex, of a message, and until when it is not said again.
create table outbox_mark (
  key text primary key check (key ~ '^[0-9a-f]{64}$'),
  outbox_id uuid not null,
  until timestamptz not null
);
create index mark_of_delivery on outbox_mark (outbox_id);
