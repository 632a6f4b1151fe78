-- Who of those who may use the assistant does, a day.
SELECT
	a."ACTIVITY_DATE",
	a."ADOPTION_RATE",
	a."ACTIVE_USERS",
	a."NEW_USERS",
	a."ENABLED_USERS"
FROM {table V_ADOPTION} AS a
WHERE a."ACTIVITY_DATE" >= CAST({list since} AS DATE)
ORDER BY a."ACTIVITY_DATE"
