-- console: accounts and what they may, sign-in, people's acts.
-- Unit columns are COLLATE "C" so that a subtree is one range of the index (core/access.py).

CREATE TABLE console.account (
    officer_id text PRIMARY KEY,
    name text NOT NULL,
    unit text COLLATE "C" NOT NULL,
    post text NOT NULL CHECK (post IN ('B', 'A', 'commander')),
    token_sha256 text UNIQUE CHECK (token_sha256 ~ '^[0-9a-f]{64}$'),
    password_hash text CHECK (password_hash LIKE '$argon2id$%'),
    oidc_subject text UNIQUE,
    phone text CHECK (phone ~ '^[0-9]{3,32}$'),
    disabled boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- What an officer may see, be paged for and command: each in the subtree of a unit. No row, no right.
-- `operate` concerns the system itself; its unit is that of the office.
CREATE TABLE console.officer_grant (
    officer_id text NOT NULL REFERENCES console.account ON DELETE CASCADE,
    granted_right text NOT NULL CHECK (granted_right IN ('see', 'be_paged', 'command', 'operate')),
    unit text COLLATE "C" NOT NULL,
    PRIMARY KEY (officer_id, granted_right, unit)
);

-- Only hashes of tickets and session tokens are kept: a copy of the table opens no door.
CREATE TABLE console.ticket (
    ticket_sha256 text PRIMARY KEY,
    officer_id text NOT NULL REFERENCES console.account ON DELETE CASCADE,
    purpose text NOT NULL CHECK (purpose IN ('sign_in', 'password')),
    expires_at timestamptz NOT NULL
);
CREATE TABLE console.session (
    token_sha256 text PRIMARY KEY,
    officer_id text NOT NULL REFERENCES console.account ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_officer ON console.session (officer_id);

-- Sign-ins under way at the OIDC provider; each row is used once.
CREATE TABLE console.oidc_login (
    state_sha256 text PRIMARY KEY,
    browser_sha256 text NOT NULL,
    nonce text NOT NULL,
    verifier text NOT NULL,
    landing text NOT NULL,
    expires_at timestamptz NOT NULL
);

-- People's acts as they were first recorded: a repeat is sent again byte for byte, so that readers
-- recognise it; another content under the same id is refused.
CREATE TABLE console.action (
    id text PRIMARY KEY,
    topic text NOT NULL,
    key text NOT NULL,
    value bytea NOT NULL,
    digest bytea NOT NULL,
    officer_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX action_age ON console.action (created_at);

-- Idempotency keys of requests: what was asked (hash) and the answer for the next time. Forgotten with
-- the act.
CREATE TABLE console.request_key (
    officer_id text NOT NULL,
    key text NOT NULL,
    request_digest bytea NOT NULL,
    answer bytea NOT NULL,
    action_id text NOT NULL REFERENCES console.action ON DELETE CASCADE,
    PRIMARY KEY (officer_id, key)
);
CREATE INDEX request_key_action ON console.request_key (action_id);
