"""DuckDB alone, over pages that lie in files already: no HTTP. usage: read_json.py FOLDER OUT"""
import sys

import duckdb

folder, out = sys.argv[1:3]
columns = ["id", "conversation_id", "user_id", "actor", "type", "platform", "label",
           "parent_interaction_id", "detail", "created_time", "last_updated_time"]
db = duckdb.connect(out)
db.execute("""CREATE TABLE IF NOT EXISTS interactions(id VARCHAR, conversation_id VARCHAR,
    user_id VARCHAR, actor VARCHAR, type VARCHAR, platform VARCHAR, label VARCHAR,
    parent_interaction_id VARCHAR, detail JSON, created_time TIMESTAMP,
    last_updated_time TIMESTAMP)""")
record = ("STRUCT(" + ",".join(f'"{c}" ' + ("JSON" if c == "detail" else "VARCHAR")
                               for c in columns) + ")[]")
select = ("SELECT " + ",".join(f"r.{c}::TIMESTAMP AS {c}" if c.endswith("_time") else f"r.{c}"
                               for c in columns)
          + f" FROM (SELECT unnest(value) r FROM read_json('{folder}/*.json', "
          + f"format='unstructured', columns={{value: '{record}'}}))")
db.execute(f"MERGE INTO interactions t USING ({select}) s ON t.id = s.id "
           "WHEN MATCHED THEN UPDATE SET " + ",".join(f"{c}=s.{c}" for c in columns[1:])
           + f" WHEN NOT MATCHED THEN INSERT ({','.join(columns)}) "
           + "VALUES (" + ",".join("s." + c for c in columns) + ")")
db.close()
