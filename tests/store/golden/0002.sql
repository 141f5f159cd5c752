BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
CREATE TABLE changes (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	collection_id INTEGER NOT NULL, 
	encoder_id INTEGER NOT NULL, 
	modality VARCHAR NOT NULL, 
	owner_id INTEGER NOT NULL, 
	operation VARCHAR NOT NULL, 
	FOREIGN KEY(collection_id) REFERENCES collections (id), 
	FOREIGN KEY(encoder_id) REFERENCES encoders (id)
);
INSERT INTO "changes" VALUES(1,1,1,'image',1,'put');
INSERT INTO "changes" VALUES(2,1,1,'text',1,'put');
INSERT INTO "changes" VALUES(3,1,1,'text',2,'put');
CREATE TABLE collections (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, encoder VARCHAR, 
	UNIQUE (name)
);
INSERT INTO "collections" VALUES(1,'pets','2026-11-23 18:54:07.709039','tiny');
CREATE TABLE embeddings (
	encoder_id INTEGER NOT NULL, 
	modality VARCHAR NOT NULL, 
	owner_id INTEGER NOT NULL, 
	collection_id INTEGER NOT NULL, 
	vector BLOB NOT NULL, 
	PRIMARY KEY (encoder_id, modality, owner_id), 
	FOREIGN KEY(collection_id) REFERENCES collections (id), 
	FOREIGN KEY(encoder_id) REFERENCES encoders (id)
);
INSERT INTO "embeddings" VALUES(1,'image',1,1,X'003C000000000000');
INSERT INTO "embeddings" VALUES(1,'text',1,1,X'003C000000000000');
INSERT INTO "embeddings" VALUES(1,'text',2,1,X'0000003C00000000');
CREATE TABLE encoders (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name VARCHAR NOT NULL, 
	fingerprint VARCHAR NOT NULL, 
	dim INTEGER NOT NULL, 
	added_at DATETIME NOT NULL, 
	UNIQUE (fingerprint)
);
INSERT INTO "encoders" VALUES(1,'tiny','f1',4,'2026-11-23 18:54:07.713749');
CREATE TABLE file_items (
	file_id INTEGER NOT NULL, 
	item_id INTEGER NOT NULL, 
	PRIMARY KEY (file_id, item_id), 
	FOREIGN KEY(file_id) REFERENCES files (id), 
	FOREIGN KEY(item_id) REFERENCES items (id)
);
INSERT INTO "file_items" VALUES(1,1);
CREATE TABLE files (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	source_id INTEGER NOT NULL, 
	path VARCHAR NOT NULL, 
	size INTEGER NOT NULL, 
	mtime_ns INTEGER NOT NULL, 
	signature VARCHAR NOT NULL, 
	content_hash VARCHAR, 
	state VARCHAR NOT NULL, 
	reason VARCHAR, 
	attempts INTEGER NOT NULL, 
	FOREIGN KEY(source_id) REFERENCES sources (id), 
	UNIQUE (source_id, path)
);
INSERT INTO "files" VALUES(1,1,'tom.jpg',1,2,'sig','h1','done',NULL,0);
CREATE TABLE items (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	collection_id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	title VARCHAR, 
	credit JSON, 
	width INTEGER, 
	height INTEGER, 
	taken_at DATETIME, 
	extra JSON NOT NULL, 
	FOREIGN KEY(collection_id) REFERENCES collections (id), 
	UNIQUE (collection_id, kind, "key")
);
INSERT INTO "items" VALUES(1,1,'image','h1','Tom','{"author": "Ann", "licence": "CC0 1.0", "licence_url": null, "source": null}',30,20,NULL,'{}');
CREATE TABLE runs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	collection_id INTEGER NOT NULL, 
	source VARCHAR NOT NULL, 
	encoder VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	started_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	report JSON NOT NULL, 
	FOREIGN KEY(collection_id) REFERENCES collections (id)
);
INSERT INTO "runs" VALUES(1,1,'/pets','tiny','running','2026-11-23 18:54:07.728577',NULL,'{}');
CREATE TABLE sources (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	collection_id INTEGER NOT NULL, 
	path VARCHAR NOT NULL, 
	base VARCHAR NOT NULL, 
	include JSON NOT NULL, 
	exclude JSON NOT NULL, 
	added_at DATETIME NOT NULL, 
	FOREIGN KEY(collection_id) REFERENCES collections (id), 
	UNIQUE (collection_id, path)
);
INSERT INTO "sources" VALUES(1,1,'/pets','/pets','[]','[]','2026-11-23 18:54:07.711615');
CREATE TABLE store_info (
	"key" VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "store_info" VALUES('uid','92736cb7b2ce40aba4537a403979c36d');
CREATE TABLE texts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	item_id INTEGER NOT NULL, 
	file_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	language VARCHAR, 
	text VARCHAR NOT NULL, 
	FOREIGN KEY(file_id) REFERENCES files (id), 
	FOREIGN KEY(item_id) REFERENCES items (id)
);
INSERT INTO "texts" VALUES(1,1,1,0,'caption','en','a cat');
INSERT INTO "texts" VALUES(2,1,1,1,'caption','zh','一只猫');
CREATE INDEX ix_changes_log ON changes (collection_id, encoder_id, modality, seq);
CREATE INDEX ix_embeddings_collection ON embeddings (collection_id, encoder_id, modality);
CREATE INDEX ix_files_content_hash ON files (content_hash);
CREATE INDEX ix_file_items_item_id ON file_items (item_id);
CREATE INDEX ix_texts_file_item ON texts (file_id, item_id);
CREATE INDEX ix_texts_item_id ON texts (item_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('collections',1);
INSERT INTO "sqlite_sequence" VALUES('sources',1);
INSERT INTO "sqlite_sequence" VALUES('encoders',1);
INSERT INTO "sqlite_sequence" VALUES('files',1);
INSERT INTO "sqlite_sequence" VALUES('items',1);
INSERT INTO "sqlite_sequence" VALUES('texts',2);
INSERT INTO "sqlite_sequence" VALUES('changes',3);
INSERT INTO "sqlite_sequence" VALUES('runs',1);
COMMIT;
