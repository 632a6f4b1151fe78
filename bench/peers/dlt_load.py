"""dlt, as its users run it. usage: dlt_load.py default|tuned|arrow BASE FROM UNTIL OUT.duckdb

default  the rest_api source, merge by id, nothing else set
tuned    parquet loader files, the upsert strategy, no nested tables, large writer buffers
arrow    pages as Arrow tables (details as JSON text): the normalizer written in Python is passed by
"""
import json
import os
import sys

variant, base, since, until, out = sys.argv[1:6]
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
if variant != "default":
    os.environ["DATA_WRITER__BUFFER_MAX_ITEMS"] = "50000"

import dlt
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator
from dlt.sources.rest_api import rest_api_source

NEXT = '"@odata.nextLink"'
params = {
    "$orderby": "id",
    "$filter": f"last_updated_time ge '{since}' and last_updated_time lt '{until}'",
}
merge = "merge" if variant == "default" else {"disposition": "merge", "strategy": "upsert"}

if variant == "arrow":
    import pyarrow as pa

    columns = ["actor", "conversation_id", "created_time", "detail", "id", "label",
               "last_updated_time", "parent_interaction_id", "platform", "type", "user_id"]
    schema = pa.schema([(c, pa.string()) for c in columns])

    @dlt.resource(name="interactions", primary_key="id", write_disposition=merge)
    def interactions():
        client = RESTClient(base, auth=BearerTokenAuth("test-token"), data_selector="value",
                            paginator=JSONLinkPaginator(next_url_path=NEXT))
        for page in client.paginate("interactions", params=params):
            for record in page:
                if record["detail"] is not None:
                    record["detail"] = json.dumps(record["detail"], ensure_ascii=False)
            yield pa.Table.from_pylist(list(page), schema=schema)

    source = interactions()
else:
    source = rest_api_source({
        "client": {
            "base_url": base,
            "auth": {"type": "bearer", "token": "test-token"},
            "paginator": {"type": "json_link", "next_url_path": NEXT},
        },
        "resource_defaults": {"primary_key": "id", "write_disposition": merge},
        "resources": [{
            "name": "interactions",
            "endpoint": {"path": "interactions", "data_selector": "value", "params": params},
        }],
    }, name="moveworks")
    if variant == "tuned":
        source.max_table_nesting = 0

pipeline = dlt.pipeline("bench_" + variant, destination=dlt.destinations.duckdb(out),
                        dataset_name="moveworks", pipelines_dir=out + ".pipelines")
options = {} if variant == "default" else {"loader_file_format": "parquet"}
pipeline.run(source, **options)
