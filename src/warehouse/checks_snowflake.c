/* What only Snowflake is asked by `check`: where the session stands, and what the role may do. */
#include "warehouse/checks.h"

#include "base/bounds.h"
#include "warehouse/arrow_read.h"
#include "warehouse/warehouse_private.h"

#include <string.h>

struct session {
	struct buf *cells[4];
};

static bool see_session(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct session *session = user;
	for (size_t i = 0; i < 4; i++) {
		struct span text;
		if (arrow_text(reader, i, &text))
			buf_add_span(session->cells[i], text);
		if (!buf_ok(session->cells[i], reterr))
			return false;
	}
	return true;
}

bool checks_session(struct warehouse *warehouse, struct buf *role, struct buf *compute,
		    struct buf *database, struct buf *schema, struct err *reterr)
{
	struct session session = {{role, compute, database, schema}};
	buf_add_text(&warehouse->sql, "SELECT CURRENT_ROLE(), CURRENT_WAREHOUSE(),"
				      " CURRENT_DATABASE(), CURRENT_SCHEMA()");
	return warehouse_each(warehouse, see_session, &session, reterr);
}

struct grants {
	void (*told)(void *user, const char *privilege, const char *on, const char *name);
	void *user;
	struct buf texts[3];
	int columns[3]; /* -1: not found yet */
};

/* SHOW tells more columns in every release: they are found by their names. */
static void find_columns(struct grants *grants, const struct arrow_reader *reader)
{
	static const char *const NAMES[] = {"privilege", "granted_on", "name"};
	for (size_t i = 0; i < arrow_columns(reader); i++) {
		for (size_t k = 0; k < 3; k++) {
			if (strcmp(arrow_name(reader, i), NAMES[k]) == 0)
				grants->columns[k] = (int)i;
		}
	}
}

static bool see_grant(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct grants *grants = user;
	find_columns(grants, reader);
	for (size_t k = 0; k < 3; k++) {
		struct span text;
		buf_clear(&grants->texts[k]);
		if (grants->columns[k] >= 0 &&
		    arrow_text(reader, (size_t)grants->columns[k], &text))
			buf_add_span(&grants->texts[k], text);
		if (!buf_ok(&grants->texts[k], reterr))
			return false;
	}
	grants->told(grants->user, buf_text(&grants->texts[0]), buf_text(&grants->texts[1]),
		     buf_text(&grants->texts[2]));
	return true;
}

bool checks_grants(struct warehouse *warehouse, const char *role,
		   void (*told)(void *user, const char *privilege, const char *on,
				const char *name),
		   void *user, struct err *reterr)
{
	struct grants grants = {.told = told, .user = user, .columns = {-1, -1, -1}};
	for (size_t i = 0; i < 3; i++)
		buf_init(&grants.texts[i], SQL_BYTES_MAX);
	buf_add_text(&warehouse->sql, "SHOW GRANTS TO ROLE ");
	sql_name(&warehouse->sql, role);
	bool done = warehouse_each(warehouse, see_grant, &grants, reterr);
	for (size_t i = 0; i < 3; i++)
		buf_done(&grants.texts[i]);
	return done;
}
