"""The older way into Snowflake, as it should be written: requests, pandas, a Parquet file put
into a temporary table as write_pandas does it, MERGE. usage: snowflake_pandas.py BASE FROM UNTIL PORT SCHEMA"""
import glob
import json
import os
import sys
import tempfile

# Snowflake's connector is one of the tests' dependencies; pandas is the benchmarks'.
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path += glob.glob(os.path.join(TOP, "deps/fakesnow/lib/python3*/site-packages"))

import pandas as pd  # noqa: E402
import requests  # noqa: E402
import snowflake.connector  # noqa: E402

base, since, until, port, schema = sys.argv[1:6]
session = requests.Session()
session.headers["Authorization"] = "Bearer test-token"
url = base + "/interactions"
params = {"$orderby": "id",
          "$filter": f"last_updated_time ge '{since}' and last_updated_time lt '{until}'"}
rows = []
while url:
    answer = session.get(url, params=params, timeout=60)
    answer.raise_for_status()
    page = answer.json()
    rows.extend(page["value"])
    url, params = page.get("@odata.nextLink"), None
frame = pd.DataFrame(rows)
frame["detail"] = frame["detail"].map(
    lambda x: json.dumps(x, ensure_ascii=False) if x is not None else None)
for column in ("created_time", "last_updated_time"):
    frame[column] = pd.to_datetime(frame[column], utc=True).dt.tz_localize(None)
frame = frame.drop_duplicates("id")
frame.columns = [name.upper() for name in frame.columns]
names = list(frame.columns)
types = {"DETAIL": "VARIANT", "CREATED_TIME": "TIMESTAMP_NTZ", "LAST_UPDATED_TIME": "TIMESTAMP_NTZ"}
connection = snowflake.connector.connect(
    account="MYORG-MYACCOUNT", user="PANDAS", password="x", host="127.0.0.1", port=int(port),
    protocol="http", database="ANALYTICS", schema=schema, warehouse="LOADING")
cursor = connection.cursor()
cursor.execute("CREATE TABLE IF NOT EXISTS INTERACTIONS ("
               + ", ".join(f'"{name}" {types.get(name, "TEXT")}' for name in names) + ")")
cursor.execute("CREATE TEMPORARY TABLE STAGED ("
               + ", ".join(f'"{name}" {types.get(name, "TEXT").replace("VARIANT", "TEXT")}'
                           for name in names) + ")")
# What write_pandas does, by the same connector in plain statements: its own upload asks in a way
# that the emulator does not know.
cursor.execute("CREATE TEMPORARY STAGE UPLOADS FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE)")
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "frame.parquet")
    frame.to_parquet(path, compression="gzip")
    cursor.execute(f"PUT 'file://{path}' @UPLOADS AUTO_COMPRESS = FALSE")
cursor.execute("COPY INTO STAGED FROM @UPLOADS FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE ="
               " TRUE) MATCH_BY_COLUMN_NAME = CASE_SENSITIVE")
chosen = ", ".join('PARSE_JSON("DETAIL") AS "DETAIL"' if name == "DETAIL" else f'"{name}"'
                   for name in names)
cursor.execute(
    f'MERGE INTO INTERACTIONS AS t USING (SELECT {chosen} FROM STAGED) AS s ON t."ID" = s."ID"'
    ' WHEN MATCHED AND s."LAST_UPDATED_TIME" > t."LAST_UPDATED_TIME" THEN UPDATE SET '
    + ", ".join(f't."{name}" = s."{name}"' for name in names[1:])
    + f' WHEN NOT MATCHED THEN INSERT ({", ".join(chr(34) + name + chr(34) for name in names)})'
    f' VALUES ({", ".join(f"s.{chr(34)}{name}{chr(34)}" for name in names)})')
connection.close()
