-- A ledger of schema 1 as SQLite has it, made by cleancopy at commit 1f86ca9 (30 November 2026) and written out with sqlite3's iterdump.
-- Its stories: ferry (published three times, the last one owed to the table), harbour (killed; the table refused until it was given
-- up), lighthouse (held, then published by Ida Holm; owed), mole (held for an embargo), raft (owed; one act under a dead lease),
-- buoy (waits in the inbox). Never made anew: that it is old is what it is for.
BEGIN TRANSACTION;
CREATE TABLE copies (
	id INTEGER NOT NULL, 
	story_id INTEGER NOT NULL, 
	revision_id INTEGER NOT NULL, 
	edition INTEGER NOT NULL, 
	verdict VARCHAR(8) NOT NULL, 
	reasons JSON NOT NULL, 
	ruleset VARCHAR(80) NOT NULL, 
	content_hash VARCHAR(64) NOT NULL, 
	record JSON NOT NULL, 
	rendered JSON NOT NULL, 
	seconds VARCHAR(24), 
	cleaned_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_copies PRIMARY KEY (id), 
	CONSTRAINT uq_copies_story_id_edition UNIQUE (story_id, edition), 
	CONSTRAINT fk_copies_story_id FOREIGN KEY(story_id) REFERENCES stories (id), 
	CONSTRAINT fk_copies_revision_id FOREIGN KEY(revision_id) REFERENCES revisions (id)
);
INSERT INTO "copies" VALUES(1,1,1,1,'publish','[]','rules-1','839612f46bc3d450b4fa2a1a07d81c11382282f90dd4ea0fdf22fd38fec46bd2','{"id": "ferry", "url": null, "publisher": "harbour-post", "verdict": "publish", "reasons": [], "headline": "The ferry is back", "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "The ferry is back.", "html": "<p>The ferry is back.</p>", "removed": [{"block": 1, "start": 0, "end": 20, "text": "Published: undefined", "action": "remove", "field": null, "rules": ["english/published-undefined", "template_residue/label"], "why": "The CMS prints the label even when a story has no date."}], "ruleset": "rules-1"}','{"html": "<p>The ferry is back.</p>", "markdown": "The ferry is back.", "text": "The ferry is back."}','0.010000','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "copies" VALUES(2,2,2,1,'publish','[]','rules-1','bc643abe8d6301bf85b3406513476c138442ae81644299016d3f80a001bc425b','{"id": "harbour", "url": null, "publisher": null, "verdict": "publish", "reasons": [], "headline": "Ice", "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "The harbour freezes over.", "html": "<p>The harbour freezes over.</p>", "removed": [], "ruleset": "rules-1"}','{"html": "<p>The harbour freezes over.</p>", "markdown": "The harbour freezes over.", "text": "The harbour freezes over."}','0.010000','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "copies" VALUES(3,1,3,2,'publish','[]','rules-1','1c894702df924689dc28dabd78a5d58265b6d7936f7c96ef4a56cdad1575f63c','{"id": "ferry", "url": null, "publisher": null, "verdict": "publish", "reasons": [], "headline": "The ferry is back", "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "The ferry is back, with a new captain.", "html": "<p>The ferry is back, with a new captain.</p>", "removed": [], "ruleset": "rules-1"}','{"html": "<p>The ferry is back, with a new captain.</p>", "markdown": "The ferry is back, with a new captain.", "text": "The ferry is back, with a new captain."}','0.010000','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "copies" VALUES(4,2,4,2,'kill','["kill: the raw copy says \u201cKILL KILL KILL\u201d"]','rules-1','54f6735f7be97f345433ef80fd59094cff3e4a781ae459392a22308da4f7f4bb','{"id": "harbour", "url": null, "publisher": null, "verdict": "kill", "reasons": ["kill: the raw copy says \u201cKILL KILL KILL\u201d"], "headline": null, "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "KILL KILL KILL", "html": "<p>KILL KILL KILL</p>", "removed": [], "ruleset": "rules-1"}','{"html": "<p>KILL KILL KILL</p>", "markdown": "KILL KILL KILL", "text": "KILL KILL KILL"}','0.010000','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "copies" VALUES(5,1,5,3,'publish','[]','rules-1','a4ec3379ef2c4898d53129961a0a5492644454273e0fcb40e3f5fef21e36567d','{"id": "ferry", "url": null, "publisher": null, "verdict": "publish", "reasons": [], "headline": "The ferry is back", "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "The ferry is back, and late.", "html": "<p>The ferry is back, and late.</p>", "removed": [], "ruleset": "rules-1"}','{"html": "<p>The ferry is back, and late.</p>", "markdown": "The ferry is back, and late.", "text": "The ferry is back, and late."}','0.010000','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "copies" VALUES(6,3,6,1,'hold','["hold: the raw copy says \u201cHOLD HOLD HOLD\u201d; a person decides"]','rules-1','db87d4820ae13eb10c89aaf0f29a84d34c43084a42a3cbcf3700e5878d784a6a','{"id": "lighthouse", "url": null, "publisher": null, "verdict": "hold", "reasons": ["hold: the raw copy says \u201cHOLD HOLD HOLD\u201d; a person decides"], "headline": "The light goes out", "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "HOLD HOLD HOLD", "html": "<p>HOLD HOLD HOLD</p>", "removed": [], "ruleset": "rules-1", "signals": [{"kind": "hold", "text": "HOLD HOLD HOLD", "until": null}]}','{"html": "<p>HOLD HOLD HOLD</p>", "markdown": "HOLD HOLD HOLD", "text": "HOLD HOLD HOLD"}','0.010000','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "copies" VALUES(7,3,6,2,'publish','["published by Ida Holm: I have read it."]','rules-1','db87d4820ae13eb10c89aaf0f29a84d34c43084a42a3cbcf3700e5878d784a6a','{"id": "lighthouse", "url": null, "publisher": null, "verdict": "publish", "reasons": ["published by Ida Holm: I have read it."], "headline": "The light goes out", "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "HOLD HOLD HOLD", "html": "<p>HOLD HOLD HOLD</p>", "removed": [], "ruleset": "rules-1", "signals": [{"kind": "hold", "text": "HOLD HOLD HOLD", "until": null}], "decided": {"act": "publish", "who": "Ida Holm", "why": "I have read it.", "at": "2026-03-04T11:00:00+00:00", "edition": 1, "restored": [], "held_for": ["hold: the raw copy says \u201cHOLD HOLD HOLD\u201d; a person decides"]}}','{"html": "<p>HOLD HOLD HOLD</p>", "markdown": "HOLD HOLD HOLD", "text": "HOLD HOLD HOLD"}','0.000000','2026-03-04T11:00:00.000000+00:00');
INSERT INTO "copies" VALUES(8,4,7,1,'hold','["embargo: the raw copy says \u201cEMBARGOED UNTIL 0001 GMT 6 MARCH 2026\u201d (until 2026-03-06T00:01:00+00:00); a person decides"]','rules-1','2490929eb1064a9200fbe5955741e30cc681f615f820b6b1b418b7f02a522070','{"id": "mole", "url": null, "publisher": null, "verdict": "hold", "reasons": ["embargo: the raw copy says \u201cEMBARGOED UNTIL 0001 GMT 6 MARCH 2026\u201d (until 2026-03-06T00:01:00+00:00); a person decides"], "headline": null, "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "EMBARGOED UNTIL 0001 GMT 6 MARCH 2026\nThe mole is mended.", "html": "<p>EMBARGOED UNTIL 0001 GMT 6 MARCH 2026\nThe mole is mended.</p>", "removed": [], "ruleset": "rules-1", "signals": [{"kind": "embargo", "text": "EMBARGOED UNTIL 0001 GMT 6 MARCH 2026", "until": "2026-03-06T00:01:00+00:00"}]}','{"html": "<p>EMBARGOED UNTIL 0001 GMT 6 MARCH 2026\nThe mole is mended.</p>", "markdown": "EMBARGOED UNTIL 0001 GMT 6 MARCH 2026\nThe mole is mended.", "text": "EMBARGOED UNTIL 0001 GMT 6 MARCH 2026\nThe mole is mended."}','0.010000','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "copies" VALUES(9,5,8,1,'publish','[]','rules-1','ccca4867f776dba9092c9eabdbf5a8a7e38087d9cfcdc9d6f31c348c4ff65080','{"id": "raft", "url": null, "publisher": null, "verdict": "publish", "reasons": [], "headline": null, "standfirst": null, "section": null, "byline": null, "published": null, "language": "en", "pictures": [], "text": "The raft race is off.", "html": "<p>The raft race is off.</p>", "removed": [], "ruleset": "rules-1"}','{"html": "<p>The raft race is off.</p>", "markdown": "The raft race is off.", "text": "The raft race is off."}','0.010000','2026-03-03T12:00:00.000000+00:00');
CREATE TABLE cursors (
	name VARCHAR(200) NOT NULL, 
	position JSON NOT NULL, 
	moved_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_cursors PRIMARY KEY (name)
);
INSERT INTO "cursors" VALUES('feed','{"seen": ["a"]}','2026-03-03T12:00:00.000000+00:00');
CREATE TABLE decisions (
	id INTEGER NOT NULL, 
	story_id INTEGER NOT NULL, 
	revision_id INTEGER NOT NULL, 
	seen_copy_id INTEGER NOT NULL, 
	seen_edition INTEGER NOT NULL, 
	copy_id INTEGER NOT NULL, 
	edition INTEGER NOT NULL, 
	act VARCHAR(8) NOT NULL, 
	restored JSON NOT NULL, 
	who TEXT NOT NULL, 
	why TEXT NOT NULL, 
	embargo TEXT, 
	decided_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_decisions PRIMARY KEY (id), 
	CONSTRAINT uq_decisions_story_id_seen_edition UNIQUE (story_id, seen_edition), 
	CONSTRAINT fk_decisions_story_id FOREIGN KEY(story_id) REFERENCES stories (id), 
	CONSTRAINT fk_decisions_revision_id FOREIGN KEY(revision_id) REFERENCES revisions (id), 
	CONSTRAINT fk_decisions_seen_copy_id FOREIGN KEY(seen_copy_id) REFERENCES copies (id), 
	CONSTRAINT fk_decisions_copy_id FOREIGN KEY(copy_id) REFERENCES copies (id)
);
INSERT INTO "decisions" VALUES(1,3,6,6,1,7,2,'publish','[]','Ida Holm','I have read it.',NULL,'2026-03-04T11:00:00.000000+00:00');
CREATE TABLE followed (
	id INTEGER NOT NULL, 
	source VARCHAR(63) NOT NULL, 
	external_id TEXT NOT NULL, 
	leader VARCHAR(63) NOT NULL, 
	leader_list VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_followed PRIMARY KEY (id)
);
CREATE TABLE hosts (
	host VARCHAR(300) NOT NULL, 
	robots TEXT, 
	robots_until VARCHAR(32), 
	not_before VARCHAR(32), 
	CONSTRAINT pk_hosts PRIMARY KEY (host)
);
CREATE TABLE identities (
	"key" VARCHAR(64) NOT NULL, 
	scope TEXT NOT NULL, 
	words TEXT NOT NULL, 
	followed_id INTEGER NOT NULL, 
	CONSTRAINT pk_identities PRIMARY KEY ("key"), 
	CONSTRAINT fk_identities_followed_id FOREIGN KEY(followed_id) REFERENCES followed (id)
);
CREATE TABLE inbox (
	id INTEGER NOT NULL, 
	source VARCHAR(63) NOT NULL, 
	event_id TEXT, 
	revision_id INTEGER NOT NULL, 
	destinations JSON, 
	note TEXT, 
	state VARCHAR(8) NOT NULL, 
	attempts INTEGER NOT NULL, 
	owner VARCHAR(200), 
	lease_until VARCHAR(32), 
	error TEXT, 
	arrived_at VARCHAR(32) NOT NULL, 
	finished_at VARCHAR(32), 
	CONSTRAINT pk_inbox PRIMARY KEY (id), 
	CONSTRAINT uq_inbox_source_event_id UNIQUE (source, event_id), 
	CONSTRAINT fk_inbox_revision_id FOREIGN KEY(revision_id) REFERENCES revisions (id)
);
INSERT INTO "inbox" VALUES(1,'desk',NULL,1,NULL,NULL,'done',1,NULL,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "inbox" VALUES(2,'desk',NULL,2,NULL,NULL,'done',1,NULL,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "inbox" VALUES(3,'desk',NULL,3,NULL,NULL,'done',1,NULL,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "inbox" VALUES(4,'desk',NULL,4,NULL,NULL,'done',1,NULL,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "inbox" VALUES(5,'desk',NULL,5,NULL,NULL,'done',1,NULL,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "inbox" VALUES(6,'desk',NULL,6,NULL,NULL,'done',1,NULL,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "inbox" VALUES(7,'desk',NULL,7,NULL,NULL,'done',1,NULL,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "inbox" VALUES(8,'desk',NULL,8,NULL,NULL,'done',1,NULL,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "inbox" VALUES(9,'desk',NULL,9,NULL,NULL,'waiting',0,NULL,NULL,NULL,'2026-03-03T12:00:00.000000+00:00',NULL);
CREATE TABLE meta (
	"key" VARCHAR(40) NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_meta PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('schema','1');
INSERT INTO "meta" VALUES('ledger','eef041c9c0284f8da6b1a3142af36fdb');
CREATE TABLE publications (
	id INTEGER NOT NULL, 
	story_id INTEGER NOT NULL, 
	copy_id INTEGER NOT NULL, 
	edition INTEGER NOT NULL, 
	destination VARCHAR(63) NOT NULL, 
	act VARCHAR(10) NOT NULL, 
	content_hash VARCHAR(64) NOT NULL, 
	idempotency_key VARCHAR(64) NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	attempts INTEGER NOT NULL, 
	owner VARCHAR(200), 
	lease_until VARCHAR(32), 
	next_attempt_at VARCHAR(32) NOT NULL, 
	owed_at VARCHAR(32) NOT NULL, 
	made_at VARCHAR(32), 
	receipt JSON, 
	error TEXT, 
	CONSTRAINT pk_publications PRIMARY KEY (id), 
	CONSTRAINT uq_publications_story_id_edition_destination UNIQUE (story_id, edition, destination), 
	CONSTRAINT fk_publications_story_id FOREIGN KEY(story_id) REFERENCES stories (id), 
	CONSTRAINT fk_publications_copy_id FOREIGN KEY(copy_id) REFERENCES copies (id), 
	CONSTRAINT uq_publications_idempotency_key UNIQUE (idempotency_key)
);
INSERT INTO "publications" VALUES(1,1,1,1,'folder','publish','839612f46bc3d450b4fa2a1a07d81c11382282f90dd4ea0fdf22fd38fec46bd2','40757fccd6fafdeb01407de902057084387d7a5816029917de5cccff4cbf95db','made',1,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00','{"did": "wrote", "where": ["desk:ferry.json"]}',NULL);
INSERT INTO "publications" VALUES(2,1,1,1,'table','publish','839612f46bc3d450b4fa2a1a07d81c11382282f90dd4ea0fdf22fd38fec46bd2','0b1586328ea150a808e44a5b40ca8949da21ad80ae0c8e26d448c8798059fe85','made',1,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00','{"did": "wrote", "where": ["desk:ferry.json"]}',NULL);
INSERT INTO "publications" VALUES(3,2,2,1,'folder','publish','bc643abe8d6301bf85b3406513476c138442ae81644299016d3f80a001bc425b','08bfc64924b3334a6518bff81be5b3e2617f45fffaf98df560f0469658ea981d','made',1,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00','{"did": "wrote", "where": ["desk:harbour.json"]}',NULL);
INSERT INTO "publications" VALUES(4,2,2,1,'table','publish','bc643abe8d6301bf85b3406513476c138442ae81644299016d3f80a001bc425b','a8ea4b7de3f596ef148d5a3752f5f86ffad1a66a498949f996b2f811b7d027e3','made',1,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00','{"did": "wrote", "where": ["desk:harbour.json"]}',NULL);
INSERT INTO "publications" VALUES(5,1,3,2,'folder','publish','1c894702df924689dc28dabd78a5d58265b6d7936f7c96ef4a56cdad1575f63c','083a4da963f12e55f94da4ea749ed165802adf48f815fa43c42fc37a6384452a','made',1,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00','2026-03-03T12:01:00.000000+00:00','{"did": "wrote", "where": ["desk:ferry.json"]}',NULL);
INSERT INTO "publications" VALUES(6,1,3,2,'table','publish','1c894702df924689dc28dabd78a5d58265b6d7936f7c96ef4a56cdad1575f63c','0b62b77dc972c2ea16a1558fdf18fd267b8a30cf296d268233ad067034bec67c','made',2,NULL,NULL,'2026-03-03T12:01:05.000000+00:00','2026-03-03T12:00:00.000000+00:00','2026-03-03T13:00:00.000000+00:00','{"did": "wrote", "where": ["desk:ferry.json"]}',NULL);
INSERT INTO "publications" VALUES(7,2,4,2,'folder','unpublish','54f6735f7be97f345433ef80fd59094cff3e4a781ae459392a22308da4f7f4bb','32630227b74e6ee3824b17ef4123ae138bd88f8f510fe1503c04cbe7cb3fdcf8','made',1,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00','2026-03-03T12:01:01.000000+00:00','{"did": "wrote", "where": ["desk:harbour.json"]}',NULL);
INSERT INTO "publications" VALUES(8,2,4,2,'table','unpublish','54f6735f7be97f345433ef80fd59094cff3e4a781ae459392a22308da4f7f4bb','901384b3fdb01d33856bea4694e8e6171ea1ebba4737da18630ac32bbe3191fc','failed',12,NULL,NULL,'2026-03-04T10:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00',NULL,NULL,'ConnectionError: refused');
INSERT INTO "publications" VALUES(9,1,5,3,'folder','publish','a4ec3379ef2c4898d53129961a0a5492644454273e0fcb40e3f5fef21e36567d','4cc7ab79441e43ccd794c2e7ad3db6928a3859303a387cf1193a86577f217510','made',1,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00','2026-03-04T11:00:00.000000+00:00','{"did": "wrote", "where": ["desk:ferry.json"]}',NULL);
INSERT INTO "publications" VALUES(10,1,5,3,'table','publish','a4ec3379ef2c4898d53129961a0a5492644454273e0fcb40e3f5fef21e36567d','8aa26addff05ad6b718450b74c41e7461df3647f9218db46925350fce7b3d3ac','owed',1,NULL,NULL,'2026-03-04T11:00:05.000000+00:00','2026-03-03T12:00:00.000000+00:00',NULL,NULL,'ConnectionError: refused');
INSERT INTO "publications" VALUES(11,3,7,2,'folder','publish','db87d4820ae13eb10c89aaf0f29a84d34c43084a42a3cbcf3700e5878d784a6a','12304826eeaaf962778845aa3e2db80fd75cf5ecf5ebb4d90b036a19744e6393','owed',1,'dead','2026-03-04T11:10:00.000000+00:00','2026-03-04T11:00:00.000000+00:00','2026-03-04T11:00:00.000000+00:00',NULL,NULL,NULL);
INSERT INTO "publications" VALUES(12,3,7,2,'table','publish','db87d4820ae13eb10c89aaf0f29a84d34c43084a42a3cbcf3700e5878d784a6a','88567cfa8413c1e1e6b0ae6c8a2a3eba358639143e4c40b2955594903324adb6','owed',0,NULL,NULL,'2026-03-04T11:00:00.000000+00:00','2026-03-04T11:00:00.000000+00:00',NULL,NULL,NULL);
INSERT INTO "publications" VALUES(13,5,9,1,'folder','publish','ccca4867f776dba9092c9eabdbf5a8a7e38087d9cfcdc9d6f31c348c4ff65080','c851c1bcfeef5ff8491ecb59705f8fef3e4c6d50f17c674b3a07807e49754f6e','owed',1,'dead','2026-03-04T11:10:00.000000+00:00','2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00',NULL,NULL,NULL);
INSERT INTO "publications" VALUES(14,5,9,1,'table','publish','ccca4867f776dba9092c9eabdbf5a8a7e38087d9cfcdc9d6f31c348c4ff65080','23ebf650ebc52309e70281d80942f7d96e1f381581f1bbd2ca5d71d53eb757cd','owed',0,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00',NULL,NULL,NULL);
CREATE TABLE raws (
	hash VARCHAR(64) NOT NULL, 
	form VARCHAR(8) NOT NULL, 
	kept_as VARCHAR(8) NOT NULL, 
	content BLOB NOT NULL, 
	given JSON NOT NULL, 
	CONSTRAINT pk_raws PRIMARY KEY (hash)
);
INSERT INTO "raws" VALUES('f82fcebfba9f0ffae7004222d9f6e0e2257390b3f060ee26a07e4c5d69139068','text','text',X'546865206665727279206973206261636B2E','{}');
INSERT INTO "raws" VALUES('f0069d070c51d34d7fb25bbf40fd6d1786a5b3a6dc3369d286aef2723b1752aa','text','text',X'54686520686172626F757220667265657A6573206F7665722E','{}');
INSERT INTO "raws" VALUES('d513e85582e4cc740a97883d52e421f79c7f7e7d84bf645048b09bb6df0051d6','text','text',X'546865206665727279206973206261636B2C20776974682061206E6577206361707461696E2E','{}');
INSERT INTO "raws" VALUES('62a2f86a75bba37ee5f2d616ead81c6a92b1d4d13a6ddbd70b9de09f48f81741','text','text',X'4B494C4C204B494C4C204B494C4C','{}');
INSERT INTO "raws" VALUES('02a3ae6ecd673e4e316c31cddf9646ae86b5775559c180cdacd2ee2f4b097100','text','text',X'546865206665727279206973206261636B2C20616E64206C6174652E','{}');
INSERT INTO "raws" VALUES('337fb36db76747331d6f95c4cb6cc7d779cf24ae0a885a3778779895c1f4cd96','text','text',X'484F4C4420484F4C4420484F4C44','{}');
INSERT INTO "raws" VALUES('0a7405f4162dd8395201f06f2571eb54755c56f28afb9aa5494493ac099b32dc','text','text',X'454D424152474F454420554E54494C203030303120474D542036204D4152434820323032360A546865206D6F6C65206973206D656E6465642E','{}');
INSERT INTO "raws" VALUES('d9c61b450da30a20ba50ecfb3215a3ebe5ff3fa2e5e4ea5e17e7298dccefed84','text','text',X'54686520726166742072616365206973206F66662E','{}');
INSERT INTO "raws" VALUES('545490c1774b3f6e4d89fdf9dc7b5e93d93ee63d921bad8d3dbc15abd136d595','text','text',X'412062756F792068617320636F6D65206C6F6F73652E','{}');
CREATE TABLE removals (
	copy_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	block INTEGER NOT NULL, 
	starts_at INTEGER NOT NULL, 
	ends_at INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	action VARCHAR(8) NOT NULL, 
	field VARCHAR(16), 
	rule TEXT NOT NULL, 
	rules JSON NOT NULL, 
	why TEXT NOT NULL, 
	CONSTRAINT pk_removals PRIMARY KEY (copy_id, position), 
	CONSTRAINT fk_removals_copy_id FOREIGN KEY(copy_id) REFERENCES copies (id)
);
INSERT INTO "removals" VALUES(1,0,1,0,20,'Published: undefined','remove',NULL,'english/published-undefined','["english/published-undefined", "template_residue/label"]','The CMS prints the label even when a story has no date.');
CREATE TABLE revisions (
	id INTEGER NOT NULL, 
	story_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	raw_hash VARCHAR(64) NOT NULL, 
	arrived_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_revisions PRIMARY KEY (id), 
	CONSTRAINT uq_revisions_story_id_number UNIQUE (story_id, number), 
	CONSTRAINT fk_revisions_story_id FOREIGN KEY(story_id) REFERENCES stories (id), 
	CONSTRAINT fk_revisions_raw_hash FOREIGN KEY(raw_hash) REFERENCES raws (hash)
);
INSERT INTO "revisions" VALUES(1,1,1,'f82fcebfba9f0ffae7004222d9f6e0e2257390b3f060ee26a07e4c5d69139068','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "revisions" VALUES(2,2,1,'f0069d070c51d34d7fb25bbf40fd6d1786a5b3a6dc3369d286aef2723b1752aa','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "revisions" VALUES(3,1,2,'d513e85582e4cc740a97883d52e421f79c7f7e7d84bf645048b09bb6df0051d6','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "revisions" VALUES(4,2,2,'62a2f86a75bba37ee5f2d616ead81c6a92b1d4d13a6ddbd70b9de09f48f81741','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "revisions" VALUES(5,1,3,'02a3ae6ecd673e4e316c31cddf9646ae86b5775559c180cdacd2ee2f4b097100','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "revisions" VALUES(6,3,1,'337fb36db76747331d6f95c4cb6cc7d779cf24ae0a885a3778779895c1f4cd96','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "revisions" VALUES(7,4,1,'0a7405f4162dd8395201f06f2571eb54755c56f28afb9aa5494493ac099b32dc','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "revisions" VALUES(8,5,1,'d9c61b450da30a20ba50ecfb3215a3ebe5ff3fa2e5e4ea5e17e7298dccefed84','2026-03-03T12:00:00.000000+00:00');
INSERT INTO "revisions" VALUES(9,6,1,'545490c1774b3f6e4d89fdf9dc7b5e93d93ee63d921bad8d3dbc15abd136d595','2026-03-03T12:00:00.000000+00:00');
CREATE TABLE run_stories (
	run VARCHAR(200) NOT NULL, 
	story_id INTEGER NOT NULL, 
	outcome VARCHAR(8) NOT NULL, 
	why TEXT NOT NULL, 
	changed INTEGER NOT NULL, 
	CONSTRAINT pk_run_stories PRIMARY KEY (run, story_id), 
	CONSTRAINT fk_run_stories_run FOREIGN KEY(run) REFERENCES runs (name), 
	CONSTRAINT fk_run_stories_story_id FOREIGN KEY(story_id) REFERENCES stories (id)
);
INSERT INTO "run_stories" VALUES('20260303-120000-me',1,'publish','',1);
CREATE TABLE runs (
	name VARCHAR(200) NOT NULL, 
	flow VARCHAR(80) NOT NULL, 
	ruleset VARCHAR(80), 
	started_at VARCHAR(32) NOT NULL, 
	finished_at VARCHAR(32), 
	error TEXT, 
	CONSTRAINT pk_runs PRIMARY KEY (name)
);
INSERT INTO "runs" VALUES('20260303-120000-me','drain-inbox','rules-1','2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:09.000000+00:00',NULL);
CREATE TABLE sightings (
	id INTEGER NOT NULL, 
	followed_id INTEGER NOT NULL, 
	source VARCHAR(63) NOT NULL, 
	list_key VARCHAR(64) NOT NULL, 
	list_url TEXT NOT NULL, 
	url TEXT, 
	version TEXT, 
	content_hash VARCHAR(64), 
	said JSON NOT NULL, 
	state VARCHAR(8) NOT NULL, 
	by_page INTEGER NOT NULL, 
	listed INTEGER NOT NULL, 
	why TEXT, 
	first_seen_at VARCHAR(32) NOT NULL, 
	last_seen_at VARCHAR(32) NOT NULL, 
	changed_at VARCHAR(32) NOT NULL, 
	gone_at VARCHAR(32), 
	CONSTRAINT pk_sightings PRIMARY KEY (id), 
	CONSTRAINT uq_sightings_source_list_key_followed_id UNIQUE (source, list_key, followed_id), 
	CONSTRAINT fk_sightings_followed_id FOREIGN KEY(followed_id) REFERENCES followed (id)
);
CREATE TABLE stories (
	id INTEGER NOT NULL, 
	source VARCHAR(63) NOT NULL, 
	external_id TEXT NOT NULL, 
	publisher TEXT, 
	url TEXT, 
	headline TEXT, 
	first_seen_at VARCHAR(32) NOT NULL, 
	last_seen_at VARCHAR(32) NOT NULL, 
	verdict VARCHAR(8), 
	CONSTRAINT pk_stories PRIMARY KEY (id), 
	CONSTRAINT uq_stories_source_external_id UNIQUE (source, external_id)
);
INSERT INTO "stories" VALUES(1,'desk','ferry','harbour-post',NULL,'The ferry is back','2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00','publish');
INSERT INTO "stories" VALUES(2,'desk','harbour',NULL,NULL,'Ice','2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00','kill');
INSERT INTO "stories" VALUES(3,'desk','lighthouse',NULL,NULL,'The light goes out','2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00','publish');
INSERT INTO "stories" VALUES(4,'desk','mole',NULL,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00','hold');
INSERT INTO "stories" VALUES(5,'desk','raft',NULL,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00','publish');
INSERT INTO "stories" VALUES(6,'desk','buoy',NULL,NULL,NULL,'2026-03-03T12:00:00.000000+00:00','2026-03-03T12:00:00.000000+00:00',NULL);
CREATE TABLE watched (
	id INTEGER NOT NULL, 
	source VARCHAR(63) NOT NULL, 
	url_key VARCHAR(64) NOT NULL, 
	url TEXT NOT NULL, 
	role VARCHAR(8) NOT NULL, 
	etag TEXT, 
	last_modified TEXT, 
	content_hash VARCHAR(64), 
	not_before VARCHAR(32), 
	failures INTEGER NOT NULL, 
	asked_at VARCHAR(32), 
	last_ok_at VARCHAR(32), 
	last_error TEXT, 
	CONSTRAINT pk_watched PRIMARY KEY (id), 
	CONSTRAINT uq_watched_source_url_key UNIQUE (source, url_key)
);
CREATE INDEX ix_stories_publisher ON stories (publisher);
CREATE INDEX ix_runs_started_at ON runs (started_at);
CREATE INDEX ix_followed_story ON followed (source, external_id);
CREATE INDEX ix_identities_followed_id ON identities (followed_id);
CREATE INDEX ix_sightings_state ON sightings (source, state);
CREATE INDEX ix_sightings_followed_id ON sightings (followed_id);
CREATE INDEX ix_inbox_state ON inbox (state, id);
CREATE INDEX ix_inbox_revision_id ON inbox (revision_id);
CREATE INDEX ix_copies_revision_id ON copies (revision_id);
CREATE INDEX ix_removals_rule ON removals (rule);
CREATE INDEX ix_publications_state ON publications (state, next_attempt_at);
CREATE INDEX ix_decisions_revision_id ON decisions (revision_id);
COMMIT;
