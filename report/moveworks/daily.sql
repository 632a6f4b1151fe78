-- Each day's conversations, interactions, active users, and what knowledge did.
SELECT
	d."ACTIVITY_DATE",
	d."TOTAL_CONVERSATIONS",
	d."TOTAL_INTERACTIONS",
	d."ACTIVE_USERS",
	d."KNOWLEDGE_SUCCESS",
	d."KNOWLEDGE_SUCCESS_RATE"
FROM {table V_DAILY_SUMMARY} AS d
WHERE d."ACTIVITY_DATE" >= CAST({list since} AS DATE)
ORDER BY d."ACTIVITY_DATE"
