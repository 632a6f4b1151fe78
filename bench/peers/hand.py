"""What a data engineer writes by hand: requests, pandas, DuckDB. usage: hand.py BASE FROM UNTIL OUT"""
import json
import sys
import time

import duckdb
import pandas as pd
import requests

base, since, until, out = sys.argv[1:5]
session = requests.Session()
session.headers["Authorization"] = "Bearer test-token"
url = base + "/interactions"
params = {
    "$orderby": "id",
    "$filter": f"last_updated_time ge '{since}' and last_updated_time lt '{until}'",
}
rows = []
while url:
    answer = session.get(url, params=params, timeout=60)
    if answer.status_code == 429:
        time.sleep(int(answer.headers.get("Retry-After", 5)))
        continue
    answer.raise_for_status()
    page = answer.json()
    rows.extend(page["value"])
    url = page.get("@odata.nextLink")
    params = None
frame = pd.DataFrame(rows)
frame["detail"] = frame["detail"].map(
    lambda x: json.dumps(x, ensure_ascii=False) if x is not None else None)
for column in ("created_time", "last_updated_time"):
    frame[column] = pd.to_datetime(frame[column], utc=True)
frame = frame.drop_duplicates("id")
db = duckdb.connect(out)
db.execute("""CREATE TABLE IF NOT EXISTS interactions(id VARCHAR PRIMARY KEY,
    conversation_id VARCHAR, user_id VARCHAR, actor VARCHAR, type VARCHAR, platform VARCHAR,
    label VARCHAR, parent_interaction_id VARCHAR, detail JSON, created_time TIMESTAMPTZ,
    last_updated_time TIMESTAMPTZ)""")
columns = ["id", "conversation_id", "user_id", "actor", "type", "platform", "label",
           "parent_interaction_id", "detail", "created_time", "last_updated_time"]
db.register("frame", frame)
db.execute(f"INSERT INTO interactions SELECT {','.join(columns)} FROM frame "
           "ON CONFLICT (id) DO UPDATE SET "
           + ",".join(f"{c}=excluded.{c}" for c in columns[1:]))
db.close()
