-- A ledger of schema 1 as PostgreSQL has it, made by cleancopy at commit 1f86ca9 (30 November 2026) and written out with pg_dump --inserts, without its settings.
-- Its stories: ferry (published three times, the last one owed to the table), harbour (killed; the table refused until it was given
-- up), lighthouse (held, then published by Ida Holm; owed), mole (held for an embargo), raft (owed; one act under a dead lease),
-- buoy (waits in the inbox). Never made anew: that it is old is what it is for.
CREATE TABLE public.copies (
    id bigint NOT NULL,
    story_id bigint NOT NULL,
    revision_id bigint NOT NULL,
    edition integer NOT NULL,
    verdict character varying(8) NOT NULL,
    reasons json NOT NULL,
    ruleset character varying(80) NOT NULL,
    content_hash character varying(64) NOT NULL,
    record json NOT NULL,
    rendered json NOT NULL,
    seconds character varying(24),
    cleaned_at character varying(32) NOT NULL
);
CREATE SEQUENCE public.copies_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.copies_id_seq OWNED BY public.copies.id;
CREATE TABLE public.cursors (
    name character varying(200) NOT NULL,
    "position" json NOT NULL,
    moved_at character varying(32) NOT NULL
);
CREATE TABLE public.decisions (
    id bigint NOT NULL,
    story_id bigint NOT NULL,
    revision_id bigint NOT NULL,
    seen_copy_id bigint NOT NULL,
    seen_edition integer NOT NULL,
    copy_id bigint NOT NULL,
    edition integer NOT NULL,
    act character varying(8) NOT NULL,
    restored json NOT NULL,
    who text NOT NULL,
    why text NOT NULL,
    embargo text,
    decided_at character varying(32) NOT NULL
);
CREATE SEQUENCE public.decisions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.decisions_id_seq OWNED BY public.decisions.id;
CREATE TABLE public.followed (
    id bigint NOT NULL,
    source character varying(63) NOT NULL,
    external_id text NOT NULL,
    leader character varying(63) NOT NULL,
    leader_list character varying(64) NOT NULL
);
CREATE SEQUENCE public.followed_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.followed_id_seq OWNED BY public.followed.id;
CREATE TABLE public.hosts (
    host character varying(300) NOT NULL,
    robots text,
    robots_until character varying(32),
    not_before character varying(32)
);
CREATE TABLE public.identities (
    key character varying(64) NOT NULL,
    scope text NOT NULL,
    words text NOT NULL,
    followed_id bigint NOT NULL
);
CREATE TABLE public.inbox (
    id bigint NOT NULL,
    source character varying(63) NOT NULL,
    event_id text,
    revision_id bigint NOT NULL,
    destinations json,
    note text,
    state character varying(8) NOT NULL,
    attempts integer NOT NULL,
    owner character varying(200),
    lease_until character varying(32),
    error text,
    arrived_at character varying(32) NOT NULL,
    finished_at character varying(32)
);
CREATE SEQUENCE public.inbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.inbox_id_seq OWNED BY public.inbox.id;
CREATE TABLE public.meta (
    key character varying(40) NOT NULL,
    value text NOT NULL
);
CREATE TABLE public.publications (
    id bigint NOT NULL,
    story_id bigint NOT NULL,
    copy_id bigint NOT NULL,
    edition integer NOT NULL,
    destination character varying(63) NOT NULL,
    act character varying(10) NOT NULL,
    content_hash character varying(64) NOT NULL,
    idempotency_key character varying(64) NOT NULL,
    state character varying(10) NOT NULL,
    attempts integer NOT NULL,
    owner character varying(200),
    lease_until character varying(32),
    next_attempt_at character varying(32) NOT NULL,
    owed_at character varying(32) NOT NULL,
    made_at character varying(32),
    receipt json,
    error text
);
CREATE SEQUENCE public.publications_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.publications_id_seq OWNED BY public.publications.id;
CREATE TABLE public.raws (
    hash character varying(64) NOT NULL,
    form character varying(8) NOT NULL,
    kept_as character varying(8) NOT NULL,
    content bytea NOT NULL,
    given json NOT NULL
);
CREATE TABLE public.removals (
    copy_id bigint NOT NULL,
    "position" integer NOT NULL,
    block integer NOT NULL,
    starts_at integer NOT NULL,
    ends_at integer NOT NULL,
    text text NOT NULL,
    action character varying(8) NOT NULL,
    field character varying(16),
    rule text NOT NULL,
    rules json NOT NULL,
    why text NOT NULL
);
CREATE TABLE public.revisions (
    id bigint NOT NULL,
    story_id bigint NOT NULL,
    number integer NOT NULL,
    raw_hash character varying(64) NOT NULL,
    arrived_at character varying(32) NOT NULL
);
CREATE SEQUENCE public.revisions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.revisions_id_seq OWNED BY public.revisions.id;
CREATE TABLE public.run_stories (
    run character varying(200) NOT NULL,
    story_id bigint NOT NULL,
    outcome character varying(8) NOT NULL,
    why text NOT NULL,
    changed integer NOT NULL
);
CREATE TABLE public.runs (
    name character varying(200) NOT NULL,
    flow character varying(80) NOT NULL,
    ruleset character varying(80),
    started_at character varying(32) NOT NULL,
    finished_at character varying(32),
    error text
);
CREATE TABLE public.sightings (
    id bigint NOT NULL,
    followed_id bigint NOT NULL,
    source character varying(63) NOT NULL,
    list_key character varying(64) NOT NULL,
    list_url text NOT NULL,
    url text,
    version text,
    content_hash character varying(64),
    said json NOT NULL,
    state character varying(8) NOT NULL,
    by_page integer NOT NULL,
    listed integer NOT NULL,
    why text,
    first_seen_at character varying(32) NOT NULL,
    last_seen_at character varying(32) NOT NULL,
    changed_at character varying(32) NOT NULL,
    gone_at character varying(32)
);
CREATE SEQUENCE public.sightings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sightings_id_seq OWNED BY public.sightings.id;
CREATE TABLE public.stories (
    id bigint NOT NULL,
    source character varying(63) NOT NULL,
    external_id text NOT NULL,
    publisher text,
    url text,
    headline text,
    first_seen_at character varying(32) NOT NULL,
    last_seen_at character varying(32) NOT NULL,
    verdict character varying(8)
);
CREATE SEQUENCE public.stories_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.stories_id_seq OWNED BY public.stories.id;
CREATE TABLE public.watched (
    id bigint NOT NULL,
    source character varying(63) NOT NULL,
    url_key character varying(64) NOT NULL,
    url text NOT NULL,
    role character varying(8) NOT NULL,
    etag text,
    last_modified text,
    content_hash character varying(64),
    not_before character varying(32),
    failures integer NOT NULL,
    asked_at character varying(32),
    last_ok_at character varying(32),
    last_error text
);
CREATE SEQUENCE public.watched_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.watched_id_seq OWNED BY public.watched.id;
ALTER TABLE ONLY public.copies ALTER COLUMN id SET DEFAULT nextval('public.copies_id_seq'::regclass);
ALTER TABLE ONLY public.decisions ALTER COLUMN id SET DEFAULT nextval('public.decisions_id_seq'::regclass);
ALTER TABLE ONLY public.followed ALTER COLUMN id SET DEFAULT nextval('public.followed_id_seq'::regclass);
ALTER TABLE ONLY public.inbox ALTER COLUMN id SET DEFAULT nextval('public.inbox_id_seq'::regclass);
ALTER TABLE ONLY public.publications ALTER COLUMN id SET DEFAULT nextval('public.publications_id_seq'::regclass);
ALTER TABLE ONLY public.revisions ALTER COLUMN id SET DEFAULT nextval('public.revisions_id_seq'::regclass);
ALTER TABLE ONLY public.sightings ALTER COLUMN id SET DEFAULT nextval('public.sightings_id_seq'::regclass);
ALTER TABLE ONLY public.stories ALTER COLUMN id SET DEFAULT nextval('public.stories_id_seq'::regclass);
ALTER TABLE ONLY public.watched ALTER COLUMN id SET DEFAULT nextval('public.watched_id_seq'::regclass);
INSERT INTO public.copies VALUES (1, 1, 1, 1, 'publish', '[]', 'rules-1', '839612f46bc3d450b4fa2a1a07d81c11382282f90dd4ea0fdf22fd38fec46bd2', '{"id": "ferry", "url": null, "publisher": "harbour-post", "verdict": "publish", "reasons": [], "headline": "The ferry is back", "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "The ferry is back.", "html": "<p>The ferry is back.</p>", "removed": [{"block": 1, "start": 0, "end": 20, "text": "Published: undefined", "action": "remove", "field": null, "rules": ["english/published-undefined", "template_residue/label"], "why": "The CMS prints the label even when a story has no date."}], "ruleset": "rules-1"}', '{"html": "<p>The ferry is back.</p>", "markdown": "The ferry is back.", "text": "The ferry is back."}', '0.010000', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.copies VALUES (2, 2, 2, 1, 'publish', '[]', 'rules-1', 'bc643abe8d6301bf85b3406513476c138442ae81644299016d3f80a001bc425b', '{"id": "harbour", "url": null, "publisher": null, "verdict": "publish", "reasons": [], "headline": "Ice", "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "The harbour freezes over.", "html": "<p>The harbour freezes over.</p>", "removed": [], "ruleset": "rules-1"}', '{"html": "<p>The harbour freezes over.</p>", "markdown": "The harbour freezes over.", "text": "The harbour freezes over."}', '0.010000', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.copies VALUES (3, 1, 3, 2, 'publish', '[]', 'rules-1', '1c894702df924689dc28dabd78a5d58265b6d7936f7c96ef4a56cdad1575f63c', '{"id": "ferry", "url": null, "publisher": null, "verdict": "publish", "reasons": [], "headline": "The ferry is back", "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "The ferry is back, with a new captain.", "html": "<p>The ferry is back, with a new captain.</p>", "removed": [], "ruleset": "rules-1"}', '{"html": "<p>The ferry is back, with a new captain.</p>", "markdown": "The ferry is back, with a new captain.", "text": "The ferry is back, with a new captain."}', '0.010000', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.copies VALUES (4, 2, 4, 2, 'kill', '["kill: the raw copy says \u201cKILL KILL KILL\u201d"]', 'rules-1', '54f6735f7be97f345433ef80fd59094cff3e4a781ae459392a22308da4f7f4bb', '{"id": "harbour", "url": null, "publisher": null, "verdict": "kill", "reasons": ["kill: the raw copy says \u201cKILL KILL KILL\u201d"], "headline": null, "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "KILL KILL KILL", "html": "<p>KILL KILL KILL</p>", "removed": [], "ruleset": "rules-1"}', '{"html": "<p>KILL KILL KILL</p>", "markdown": "KILL KILL KILL", "text": "KILL KILL KILL"}', '0.010000', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.copies VALUES (5, 1, 5, 3, 'publish', '[]', 'rules-1', 'a4ec3379ef2c4898d53129961a0a5492644454273e0fcb40e3f5fef21e36567d', '{"id": "ferry", "url": null, "publisher": null, "verdict": "publish", "reasons": [], "headline": "The ferry is back", "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "The ferry is back, and late.", "html": "<p>The ferry is back, and late.</p>", "removed": [], "ruleset": "rules-1"}', '{"html": "<p>The ferry is back, and late.</p>", "markdown": "The ferry is back, and late.", "text": "The ferry is back, and late."}', '0.010000', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.copies VALUES (6, 3, 6, 1, 'hold', '["hold: the raw copy says \u201cHOLD HOLD HOLD\u201d; a person decides"]', 'rules-1', 'db87d4820ae13eb10c89aaf0f29a84d34c43084a42a3cbcf3700e5878d784a6a', '{"id": "lighthouse", "url": null, "publisher": null, "verdict": "hold", "reasons": ["hold: the raw copy says \u201cHOLD HOLD HOLD\u201d; a person decides"], "headline": "The light goes out", "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "HOLD HOLD HOLD", "html": "<p>HOLD HOLD HOLD</p>", "removed": [], "ruleset": "rules-1", "signals": [{"kind": "hold", "text": "HOLD HOLD HOLD", "until": null}]}', '{"html": "<p>HOLD HOLD HOLD</p>", "markdown": "HOLD HOLD HOLD", "text": "HOLD HOLD HOLD"}', '0.010000', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.copies VALUES (7, 3, 6, 2, 'publish', '["published by Ida Holm: I have read it."]', 'rules-1', 'db87d4820ae13eb10c89aaf0f29a84d34c43084a42a3cbcf3700e5878d784a6a', '{"id": "lighthouse", "url": null, "publisher": null, "verdict": "publish", "reasons": ["published by Ida Holm: I have read it."], "headline": "The light goes out", "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "HOLD HOLD HOLD", "html": "<p>HOLD HOLD HOLD</p>", "removed": [], "ruleset": "rules-1", "signals": [{"kind": "hold", "text": "HOLD HOLD HOLD", "until": null}], "decided": {"act": "publish", "who": "Ida Holm", "why": "I have read it.", "at": "2026-03-04T11:00:00+00:00", "edition": 1, "restored": [], "held_for": ["hold: the raw copy says \u201cHOLD HOLD HOLD\u201d; a person decides"]}}', '{"html": "<p>HOLD HOLD HOLD</p>", "markdown": "HOLD HOLD HOLD", "text": "HOLD HOLD HOLD"}', '0.000000', '2026-03-04T11:00:00.000000+00:00');
INSERT INTO public.copies VALUES (8, 4, 7, 1, 'hold', '["embargo: the raw copy says \u201cEMBARGOED UNTIL 0001 GMT 6 MARCH 2026\u201d (until 2026-03-06T00:01:00+00:00); a person decides"]', 'rules-1', '2490929eb1064a9200fbe5955741e30cc681f615f820b6b1b418b7f02a522070', '{"id": "mole", "url": null, "publisher": null, "verdict": "hold", "reasons": ["embargo: the raw copy says \u201cEMBARGOED UNTIL 0001 GMT 6 MARCH 2026\u201d (until 2026-03-06T00:01:00+00:00); a person decides"], "headline": null, "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "EMBARGOED UNTIL 0001 GMT 6 MARCH 2026\nThe mole is mended.", "html": "<p>EMBARGOED UNTIL 0001 GMT 6 MARCH 2026\nThe mole is mended.</p>", "removed": [], "ruleset": "rules-1", "signals": [{"kind": "embargo", "text": "EMBARGOED UNTIL 0001 GMT 6 MARCH 2026", "until": "2026-03-06T00:01:00+00:00"}]}', '{"html": "<p>EMBARGOED UNTIL 0001 GMT 6 MARCH 2026\nThe mole is mended.</p>", "markdown": "EMBARGOED UNTIL 0001 GMT 6 MARCH 2026\nThe mole is mended.", "text": "EMBARGOED UNTIL 0001 GMT 6 MARCH 2026\nThe mole is mended."}', '0.010000', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.copies VALUES (9, 5, 8, 1, 'publish', '[]', 'rules-1', 'ccca4867f776dba9092c9eabdbf5a8a7e38087d9cfcdc9d6f31c348c4ff65080', '{"id": "raft", "url": null, "publisher": null, "verdict": "publish", "reasons": [], "headline": null, "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "The raft race is off.", "html": "<p>The raft race is off.</p>", "removed": [], "ruleset": "rules-1"}', '{"html": "<p>The raft race is off.</p>", "markdown": "The raft race is off.", "text": "The raft race is off."}', '0.010000', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.cursors VALUES ('feed', '{"seen": ["a"]}', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.decisions VALUES (1, 3, 6, 6, 1, 7, 2, 'publish', '[]', 'Ida Holm', 'I have read it.', NULL, '2026-03-04T11:00:00.000000+00:00');
INSERT INTO public.inbox VALUES (1, 'desk', NULL, 1, NULL, NULL, 'done', 1, NULL, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.inbox VALUES (2, 'desk', NULL, 2, NULL, NULL, 'done', 1, NULL, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.inbox VALUES (3, 'desk', NULL, 3, NULL, NULL, 'done', 1, NULL, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.inbox VALUES (4, 'desk', NULL, 4, NULL, NULL, 'done', 1, NULL, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.inbox VALUES (5, 'desk', NULL, 5, NULL, NULL, 'done', 1, NULL, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.inbox VALUES (6, 'desk', NULL, 6, NULL, NULL, 'done', 1, NULL, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.inbox VALUES (7, 'desk', NULL, 7, NULL, NULL, 'done', 1, NULL, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.inbox VALUES (8, 'desk', NULL, 8, NULL, NULL, 'done', 1, NULL, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.inbox VALUES (9, 'desk', NULL, 9, NULL, NULL, 'waiting', 0, NULL, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', NULL);
INSERT INTO public.meta VALUES ('schema', '1');
INSERT INTO public.meta VALUES ('ledger', '835be54838e04109bb014f2c63c1e50a');
INSERT INTO public.publications VALUES (6, 1, 3, 2, 'table', 'publish', '1c894702df924689dc28dabd78a5d58265b6d7936f7c96ef4a56cdad1575f63c', '0b62b77dc972c2ea16a1558fdf18fd267b8a30cf296d268233ad067034bec67c', 'made', 2, NULL, NULL, '2026-03-03T12:01:05.000000+00:00', '2026-03-03T12:00:00.000000+00:00', '2026-03-03T13:00:00.000000+00:00', '{"did": "wrote", "where": ["desk:ferry.json"]}', NULL);
INSERT INTO public.publications VALUES (1, 1, 1, 1, 'folder', 'publish', '839612f46bc3d450b4fa2a1a07d81c11382282f90dd4ea0fdf22fd38fec46bd2', '40757fccd6fafdeb01407de902057084387d7a5816029917de5cccff4cbf95db', 'made', 1, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', '{"did": "wrote", "where": ["desk:ferry.json"]}', NULL);
INSERT INTO public.publications VALUES (2, 1, 1, 1, 'table', 'publish', '839612f46bc3d450b4fa2a1a07d81c11382282f90dd4ea0fdf22fd38fec46bd2', '0b1586328ea150a808e44a5b40ca8949da21ad80ae0c8e26d448c8798059fe85', 'made', 1, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', '{"did": "wrote", "where": ["desk:ferry.json"]}', NULL);
INSERT INTO public.publications VALUES (3, 2, 2, 1, 'folder', 'publish', 'bc643abe8d6301bf85b3406513476c138442ae81644299016d3f80a001bc425b', '08bfc64924b3334a6518bff81be5b3e2617f45fffaf98df560f0469658ea981d', 'made', 1, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', '{"did": "wrote", "where": ["desk:harbour.json"]}', NULL);
INSERT INTO public.publications VALUES (4, 2, 2, 1, 'table', 'publish', 'bc643abe8d6301bf85b3406513476c138442ae81644299016d3f80a001bc425b', 'a8ea4b7de3f596ef148d5a3752f5f86ffad1a66a498949f996b2f811b7d027e3', 'made', 1, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', '{"did": "wrote", "where": ["desk:harbour.json"]}', NULL);
INSERT INTO public.publications VALUES (5, 1, 3, 2, 'folder', 'publish', '1c894702df924689dc28dabd78a5d58265b6d7936f7c96ef4a56cdad1575f63c', '083a4da963f12e55f94da4ea749ed165802adf48f815fa43c42fc37a6384452a', 'made', 1, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:01:00.000000+00:00', '{"did": "wrote", "where": ["desk:ferry.json"]}', NULL);
INSERT INTO public.publications VALUES (7, 2, 4, 2, 'folder', 'unpublish', '54f6735f7be97f345433ef80fd59094cff3e4a781ae459392a22308da4f7f4bb', '32630227b74e6ee3824b17ef4123ae138bd88f8f510fe1503c04cbe7cb3fdcf8', 'made', 1, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:01:01.000000+00:00', '{"did": "wrote", "where": ["desk:harbour.json"]}', NULL);
INSERT INTO public.publications VALUES (9, 1, 5, 3, 'folder', 'publish', 'a4ec3379ef2c4898d53129961a0a5492644454273e0fcb40e3f5fef21e36567d', '4cc7ab79441e43ccd794c2e7ad3db6928a3859303a387cf1193a86577f217510', 'made', 1, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', '2026-03-04T11:00:00.000000+00:00', '{"did": "wrote", "where": ["desk:ferry.json"]}', NULL);
INSERT INTO public.publications VALUES (10, 1, 5, 3, 'table', 'publish', 'a4ec3379ef2c4898d53129961a0a5492644454273e0fcb40e3f5fef21e36567d', '8aa26addff05ad6b718450b74c41e7461df3647f9218db46925350fce7b3d3ac', 'owed', 1, NULL, NULL, '2026-03-04T11:00:05.000000+00:00', '2026-03-03T12:00:00.000000+00:00', NULL, NULL, 'ConnectionError: refused');
INSERT INTO public.publications VALUES (12, 3, 7, 2, 'table', 'publish', 'db87d4820ae13eb10c89aaf0f29a84d34c43084a42a3cbcf3700e5878d784a6a', '88567cfa8413c1e1e6b0ae6c8a2a3eba358639143e4c40b2955594903324adb6', 'owed', 0, NULL, NULL, '2026-03-04T11:00:00.000000+00:00', '2026-03-04T11:00:00.000000+00:00', NULL, NULL, NULL);
INSERT INTO public.publications VALUES (8, 2, 4, 2, 'table', 'unpublish', '54f6735f7be97f345433ef80fd59094cff3e4a781ae459392a22308da4f7f4bb', '901384b3fdb01d33856bea4694e8e6171ea1ebba4737da18630ac32bbe3191fc', 'failed', 12, NULL, NULL, '2026-03-04T10:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', NULL, NULL, 'ConnectionError: refused');
INSERT INTO public.publications VALUES (14, 5, 9, 1, 'table', 'publish', 'ccca4867f776dba9092c9eabdbf5a8a7e38087d9cfcdc9d6f31c348c4ff65080', '23ebf650ebc52309e70281d80942f7d96e1f381581f1bbd2ca5d71d53eb757cd', 'owed', 0, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', NULL, NULL, NULL);
INSERT INTO public.publications VALUES (13, 5, 9, 1, 'folder', 'publish', 'ccca4867f776dba9092c9eabdbf5a8a7e38087d9cfcdc9d6f31c348c4ff65080', 'c851c1bcfeef5ff8491ecb59705f8fef3e4c6d50f17c674b3a07807e49754f6e', 'owed', 1, 'dead', '2026-03-04T11:10:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', NULL, NULL, NULL);
INSERT INTO public.publications VALUES (11, 3, 7, 2, 'folder', 'publish', 'db87d4820ae13eb10c89aaf0f29a84d34c43084a42a3cbcf3700e5878d784a6a', '12304826eeaaf962778845aa3e2db80fd75cf5ecf5ebb4d90b036a19744e6393', 'owed', 1, 'dead', '2026-03-04T11:10:00.000000+00:00', '2026-03-04T11:00:00.000000+00:00', '2026-03-04T11:00:00.000000+00:00', NULL, NULL, NULL);
INSERT INTO public.raws VALUES ('f82fcebfba9f0ffae7004222d9f6e0e2257390b3f060ee26a07e4c5d69139068', 'text', 'text', '\x546865206665727279206973206261636b2e', '{}');
INSERT INTO public.raws VALUES ('f0069d070c51d34d7fb25bbf40fd6d1786a5b3a6dc3369d286aef2723b1752aa', 'text', 'text', '\x54686520686172626f757220667265657a6573206f7665722e', '{}');
INSERT INTO public.raws VALUES ('d513e85582e4cc740a97883d52e421f79c7f7e7d84bf645048b09bb6df0051d6', 'text', 'text', '\x546865206665727279206973206261636b2c20776974682061206e6577206361707461696e2e', '{}');
INSERT INTO public.raws VALUES ('62a2f86a75bba37ee5f2d616ead81c6a92b1d4d13a6ddbd70b9de09f48f81741', 'text', 'text', '\x4b494c4c204b494c4c204b494c4c', '{}');
INSERT INTO public.raws VALUES ('02a3ae6ecd673e4e316c31cddf9646ae86b5775559c180cdacd2ee2f4b097100', 'text', 'text', '\x546865206665727279206973206261636b2c20616e64206c6174652e', '{}');
INSERT INTO public.raws VALUES ('337fb36db76747331d6f95c4cb6cc7d779cf24ae0a885a3778779895c1f4cd96', 'text', 'text', '\x484f4c4420484f4c4420484f4c44', '{}');
INSERT INTO public.raws VALUES ('0a7405f4162dd8395201f06f2571eb54755c56f28afb9aa5494493ac099b32dc', 'text', 'text', '\x454d424152474f454420554e54494c203030303120474d542036204d4152434820323032360a546865206d6f6c65206973206d656e6465642e', '{}');
INSERT INTO public.raws VALUES ('d9c61b450da30a20ba50ecfb3215a3ebe5ff3fa2e5e4ea5e17e7298dccefed84', 'text', 'text', '\x54686520726166742072616365206973206f66662e', '{}');
INSERT INTO public.raws VALUES ('545490c1774b3f6e4d89fdf9dc7b5e93d93ee63d921bad8d3dbc15abd136d595', 'text', 'text', '\x412062756f792068617320636f6d65206c6f6f73652e', '{}');
INSERT INTO public.removals VALUES (1, 0, 1, 0, 20, 'Published: undefined', 'remove', NULL, 'english/published-undefined', '["english/published-undefined", "template_residue/label"]', 'The CMS prints the label even when a story has no date.');
INSERT INTO public.revisions VALUES (1, 1, 1, 'f82fcebfba9f0ffae7004222d9f6e0e2257390b3f060ee26a07e4c5d69139068', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.revisions VALUES (2, 2, 1, 'f0069d070c51d34d7fb25bbf40fd6d1786a5b3a6dc3369d286aef2723b1752aa', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.revisions VALUES (3, 1, 2, 'd513e85582e4cc740a97883d52e421f79c7f7e7d84bf645048b09bb6df0051d6', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.revisions VALUES (4, 2, 2, '62a2f86a75bba37ee5f2d616ead81c6a92b1d4d13a6ddbd70b9de09f48f81741', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.revisions VALUES (5, 1, 3, '02a3ae6ecd673e4e316c31cddf9646ae86b5775559c180cdacd2ee2f4b097100', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.revisions VALUES (6, 3, 1, '337fb36db76747331d6f95c4cb6cc7d779cf24ae0a885a3778779895c1f4cd96', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.revisions VALUES (7, 4, 1, '0a7405f4162dd8395201f06f2571eb54755c56f28afb9aa5494493ac099b32dc', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.revisions VALUES (8, 5, 1, 'd9c61b450da30a20ba50ecfb3215a3ebe5ff3fa2e5e4ea5e17e7298dccefed84', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.revisions VALUES (9, 6, 1, '545490c1774b3f6e4d89fdf9dc7b5e93d93ee63d921bad8d3dbc15abd136d595', '2026-03-03T12:00:00.000000+00:00');
INSERT INTO public.run_stories VALUES ('20260303-120000-me', 1, 'publish', '', 1);
INSERT INTO public.runs VALUES ('20260303-120000-me', 'drain-inbox', 'rules-1', '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:09.000000+00:00', NULL);
INSERT INTO public.stories VALUES (2, 'desk', 'harbour', NULL, NULL, 'Ice', '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', 'kill');
INSERT INTO public.stories VALUES (1, 'desk', 'ferry', 'harbour-post', NULL, 'The ferry is back', '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', 'publish');
INSERT INTO public.stories VALUES (3, 'desk', 'lighthouse', NULL, NULL, 'The light goes out', '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', 'publish');
INSERT INTO public.stories VALUES (4, 'desk', 'mole', NULL, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', 'hold');
INSERT INTO public.stories VALUES (5, 'desk', 'raft', NULL, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', 'publish');
INSERT INTO public.stories VALUES (6, 'desk', 'buoy', NULL, NULL, NULL, '2026-03-03T12:00:00.000000+00:00', '2026-03-03T12:00:00.000000+00:00', NULL);
SELECT pg_catalog.setval('public.copies_id_seq', 9, true);
SELECT pg_catalog.setval('public.decisions_id_seq', 1, true);
SELECT pg_catalog.setval('public.followed_id_seq', 1, false);
SELECT pg_catalog.setval('public.inbox_id_seq', 9, true);
SELECT pg_catalog.setval('public.publications_id_seq', 14, true);
SELECT pg_catalog.setval('public.revisions_id_seq', 9, true);
SELECT pg_catalog.setval('public.sightings_id_seq', 1, false);
SELECT pg_catalog.setval('public.stories_id_seq', 6, true);
SELECT pg_catalog.setval('public.watched_id_seq', 1, false);
ALTER TABLE ONLY public.copies
    ADD CONSTRAINT pk_copies PRIMARY KEY (id);
ALTER TABLE ONLY public.cursors
    ADD CONSTRAINT pk_cursors PRIMARY KEY (name);
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT pk_decisions PRIMARY KEY (id);
ALTER TABLE ONLY public.followed
    ADD CONSTRAINT pk_followed PRIMARY KEY (id);
ALTER TABLE ONLY public.hosts
    ADD CONSTRAINT pk_hosts PRIMARY KEY (host);
ALTER TABLE ONLY public.identities
    ADD CONSTRAINT pk_identities PRIMARY KEY (key);
ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT pk_inbox PRIMARY KEY (id);
ALTER TABLE ONLY public.meta
    ADD CONSTRAINT pk_meta PRIMARY KEY (key);
ALTER TABLE ONLY public.publications
    ADD CONSTRAINT pk_publications PRIMARY KEY (id);
ALTER TABLE ONLY public.raws
    ADD CONSTRAINT pk_raws PRIMARY KEY (hash);
ALTER TABLE ONLY public.removals
    ADD CONSTRAINT pk_removals PRIMARY KEY (copy_id, "position");
ALTER TABLE ONLY public.revisions
    ADD CONSTRAINT pk_revisions PRIMARY KEY (id);
ALTER TABLE ONLY public.run_stories
    ADD CONSTRAINT pk_run_stories PRIMARY KEY (run, story_id);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT pk_runs PRIMARY KEY (name);
ALTER TABLE ONLY public.sightings
    ADD CONSTRAINT pk_sightings PRIMARY KEY (id);
ALTER TABLE ONLY public.stories
    ADD CONSTRAINT pk_stories PRIMARY KEY (id);
ALTER TABLE ONLY public.watched
    ADD CONSTRAINT pk_watched PRIMARY KEY (id);
ALTER TABLE ONLY public.copies
    ADD CONSTRAINT uq_copies_story_id_edition UNIQUE (story_id, edition);
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT uq_decisions_story_id_seen_edition UNIQUE (story_id, seen_edition);
ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT uq_inbox_source_event_id UNIQUE (source, event_id);
ALTER TABLE ONLY public.publications
    ADD CONSTRAINT uq_publications_idempotency_key UNIQUE (idempotency_key);
ALTER TABLE ONLY public.publications
    ADD CONSTRAINT uq_publications_story_id_edition_destination UNIQUE (story_id, edition, destination);
ALTER TABLE ONLY public.revisions
    ADD CONSTRAINT uq_revisions_story_id_number UNIQUE (story_id, number);
ALTER TABLE ONLY public.sightings
    ADD CONSTRAINT uq_sightings_source_list_key_followed_id UNIQUE (source, list_key, followed_id);
ALTER TABLE ONLY public.stories
    ADD CONSTRAINT uq_stories_source_external_id UNIQUE (source, external_id);
ALTER TABLE ONLY public.watched
    ADD CONSTRAINT uq_watched_source_url_key UNIQUE (source, url_key);
CREATE INDEX ix_copies_revision_id ON public.copies USING btree (revision_id);
CREATE INDEX ix_decisions_revision_id ON public.decisions USING btree (revision_id);
CREATE INDEX ix_followed_story ON public.followed USING btree (source, external_id);
CREATE INDEX ix_identities_followed_id ON public.identities USING btree (followed_id);
CREATE INDEX ix_inbox_revision_id ON public.inbox USING btree (revision_id);
CREATE INDEX ix_inbox_state ON public.inbox USING btree (state, id);
CREATE INDEX ix_publications_state ON public.publications USING btree (state, next_attempt_at);
CREATE INDEX ix_removals_rule ON public.removals USING btree (rule);
CREATE INDEX ix_runs_started_at ON public.runs USING btree (started_at);
CREATE INDEX ix_sightings_followed_id ON public.sightings USING btree (followed_id);
CREATE INDEX ix_sightings_state ON public.sightings USING btree (source, state);
CREATE INDEX ix_stories_publisher ON public.stories USING btree (publisher);
ALTER TABLE ONLY public.copies
    ADD CONSTRAINT fk_copies_revision_id FOREIGN KEY (revision_id) REFERENCES public.revisions(id);
ALTER TABLE ONLY public.copies
    ADD CONSTRAINT fk_copies_story_id FOREIGN KEY (story_id) REFERENCES public.stories(id);
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT fk_decisions_copy_id FOREIGN KEY (copy_id) REFERENCES public.copies(id);
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT fk_decisions_revision_id FOREIGN KEY (revision_id) REFERENCES public.revisions(id);
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT fk_decisions_seen_copy_id FOREIGN KEY (seen_copy_id) REFERENCES public.copies(id);
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT fk_decisions_story_id FOREIGN KEY (story_id) REFERENCES public.stories(id);
ALTER TABLE ONLY public.identities
    ADD CONSTRAINT fk_identities_followed_id FOREIGN KEY (followed_id) REFERENCES public.followed(id);
ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT fk_inbox_revision_id FOREIGN KEY (revision_id) REFERENCES public.revisions(id);
ALTER TABLE ONLY public.publications
    ADD CONSTRAINT fk_publications_copy_id FOREIGN KEY (copy_id) REFERENCES public.copies(id);
ALTER TABLE ONLY public.publications
    ADD CONSTRAINT fk_publications_story_id FOREIGN KEY (story_id) REFERENCES public.stories(id);
ALTER TABLE ONLY public.removals
    ADD CONSTRAINT fk_removals_copy_id FOREIGN KEY (copy_id) REFERENCES public.copies(id);
ALTER TABLE ONLY public.revisions
    ADD CONSTRAINT fk_revisions_raw_hash FOREIGN KEY (raw_hash) REFERENCES public.raws(hash);
ALTER TABLE ONLY public.revisions
    ADD CONSTRAINT fk_revisions_story_id FOREIGN KEY (story_id) REFERENCES public.stories(id);
ALTER TABLE ONLY public.run_stories
    ADD CONSTRAINT fk_run_stories_run FOREIGN KEY (run) REFERENCES public.runs(name);
ALTER TABLE ONLY public.run_stories
    ADD CONSTRAINT fk_run_stories_story_id FOREIGN KEY (story_id) REFERENCES public.stories(id);
ALTER TABLE ONLY public.sightings
    ADD CONSTRAINT fk_sightings_followed_id FOREIGN KEY (followed_id) REFERENCES public.followed(id);
