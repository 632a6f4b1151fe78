-- Runs of streams that failed or were done in part only, the newest first.
SELECT r."STARTED_AT", r."STREAM", r."COMMAND", r."OUTCOME", r."ERROR", r."HOST"
FROM "FIRN_RUNS" AS r
WHERE r."PIPELINE" IN ({list pipeline}) AND r."OUTCOME" <> 'done'
	AND {day r.STARTED_AT} >= CAST({list since} AS DATE)
ORDER BY r."STARTED_AT" DESC, r."STREAM"
LIMIT 50
