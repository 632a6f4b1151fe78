/* {scope.name}: whether it may stand where it stands, and whether there is such a name. */
#include "connector/reader.h"

#include "base/text.h"

#include <stdio.h>

enum { LIST_TEXT_MAX = 300 };

/* Where the template stands, beyond what its place says. */
enum slot_home { HOME_REQUEST, HOME_COUNT, HOME_COLUMN, HOME_CONNECTOR, HOME_AUTH };

struct slots {
	struct reader *r;
	const struct draft *draft; /* NULL: outside of the streams */
	enum slot_home home;
	enum auth_kind auth;
};

struct slot {
	const struct slots *in;
	const struct template *template;
	const struct template_part *part;
	enum template_place place;
};

static void wrong(const struct slot *slot, const char *why)
{
	char name[YAML_SHOWN_BYTES];
	mistake_add_at(slot->in->r->mistakes, slot->template->line, slot->template->column,
		       "{%s.%s}: %s", slot_scope_name(slot->part->scope),
		       yaml_shown(slot->part->text, name), why);
}

/* "settings.repositories has owner, name; did you mean owner?" */
static void unknown(const struct slot *slot, const char *what, const char *const *names)
{
	char why[LIST_TEXT_MAX + 100], name[YAML_SHOWN_BYTES];
	const char *near = text_nearest(yaml_shown(slot->part->text, name), names);
	snprintf(why, sizeof why, "%s has ", what);
	for (size_t i = 0; names[i] != NULL && strlen(why) < LIST_TEXT_MAX; i++) {
		size_t size = strlen(why);
		snprintf(why + size, sizeof why - size, "%s%s", i > 0 ? ", " : "", names[i]);
	}
	size_t size = strlen(why);
	if (names[0] == NULL)
		snprintf(why, sizeof why, "%s has no %s", what, name);
	else if (near != NULL)
		snprintf(why + size, sizeof why - size, "; did you mean %s?", near);
	wrong(slot, why);
}

static bool in_url(const struct slot *slot)
{
	return slot->place == PLACE_PATH || slot->place == PLACE_HOST;
}

/* What is not there at the time of the run makes a path impossible: told now. */
static void check_present(const struct slot *slot, const struct setting *setting)
{
	bool sure = setting->required || setting->fallback.kind != VALUE_ABSENT ||
		    setting->digest_n > 0 || setting->fallback_list_n > 0;
	if (in_url(slot) && !sure)
		wrong(slot, "in a path or a host it must be required or have a default");
}

static void check_setting(const struct slot *slot)
{
	struct reader *r = slot->in->r;
	const struct setting *setting = reader_setting(r, slot->part->text);
	if (setting == NULL) {
		size_t n = r->connector->settings_n;
		const char **names = read_array(r, n + 1, sizeof *names);
		for (size_t i = 0; names != NULL && i < n; i++)
			names[i] = r->settings[i].name;
		if (names != NULL)
			unknown(slot, "settings", names);
		return;
	}
	if (setting->type == SETTING_SECRET && in_url(slot))
		wrong(slot, "a secret must not stand in a path or a host");
	else if (setting->type == SETTING_SECRET && slot->in->home == HOME_COLUMN)
		wrong(slot, "a secret must not stand in a column");
	else
		check_present(slot, setting);
}

static void check_item(const struct slot *slot)
{
	const struct draft *draft = slot->in->draft;
	const struct stream *stream = draft->stream;
	const struct setting *list = stream->rows == ROWS_FROM_LIST ? stream->rows_list
								    : stream->repeat.over;
	char what[LIST_TEXT_MAX / 2];
	if (list == NULL) {
		/* One that is wrong itself has been told. */
		bool told = draft->kind == STREAM_PLAIN ? keys_given(draft->keys, "repeat")
							: stream->rows == ROWS_FROM_LIST;
		if (!told)
			wrong(slot, "item needs repeat, or rows: settings.LIST");
		return;
	}
	const char **names = read_array(slot->in->r, list->fields_n + 2, sizeof *names);
	if (names == NULL)
		return;
	names[0] = "value";
	for (size_t i = 0; i < list->fields_n; i++) {
		names[i] = list->fields[i].name;
		if (span_is(slot->part->text, names[i])) {
			check_present(slot, &list->fields[i]);
			return;
		}
	}
	if (list->fields_n == 0 && span_is(slot->part->text, "value"))
		return;
	snprintf(what, sizeof what, "settings.%s", list->name);
	unknown(slot, what, names);
}

static void check_parent(const struct slot *slot)
{
	const struct draft *draft = slot->in->draft;
	const struct stream *parent = draft->stream->for_each;
	struct reader *r = slot->in->r;
	if (parent == NULL) {
		if (draft->kind != STREAM_CHILD)
			wrong(slot, "parent needs for_each");
		return;
	}
	const struct draft *of = &r->drafts[parent - r->streams];
	const char **names = read_array(r, parent->columns_n + 1, sizeof *names);
	if (names == NULL || of->columns_wrong || draft_column(of, slot->part->text) >= 0)
		return;
	for (size_t i = 0; i < parent->columns_n; i++)
		names[i] = parent->columns[i].name;
	unknown(slot, parent->name, names);
}

static void check_window_slot(const struct slot *slot)
{
	const struct draft *draft = slot->in->draft;
	const struct yaml *own = keys_own(draft->keys, "window");
	char why[LIST_TEXT_MAX];
	if (draft->stream->window.given || (own != NULL && own->kind != YAML_MAP &&
					    yaml_plain_kind(own) != YAML_NULL))
		return;
	if (draft->kind == STREAM_CHILD)
		snprintf(why, sizeof why, "a stream with for_each has no window of its own");
	else
		snprintf(why, sizeof why, "%s has no window", draft->stream->name);
	wrong(slot, why);
}

static void check_paging_slot(const struct slot *slot)
{
	static const struct { const char *slot, *key; enum paging_kind kind; } NEEDS[] = {
		{"token", "next_token", PAGING_NEXT_TOKEN},
		{"offset", "offset", PAGING_OFFSET},
		{"page", "page", PAGING_PAGE},
	};
	const struct draft *draft = slot->in->draft;
	const struct paging_rule *paging = &draft->stream->paging;
	const struct yaml *node = keys_node(draft->keys, "paging");
	char why[LIST_TEXT_MAX];
	if (slot->in->home == HOME_COLUMN) {
		wrong(slot, "paging must not stand in a column");
		return;
	}
	if (slot->in->home == HOME_COUNT) {
		wrong(slot, "count has one answer, no pages");
		return;
	}
	for (size_t i = 0; i < sizeof NEEDS / sizeof NEEDS[0]; i++) {
		/* Paging that is missing or wrong has been told. */
		bool told = paging->kind == PAGING_NONE && (node == NULL || node->kind == YAML_MAP);
		if (!span_is(slot->part->text, NEEDS[i].slot) || paging->kind == NEEDS[i].kind ||
		    told)
			continue;
		snprintf(why, sizeof why, "%s does not page by %s", draft->stream->name,
			 NEEDS[i].key);
		wrong(slot, why);
	}
}

static void check_auth_slot(const struct slot *slot)
{
	static const char *const HAS[AUTH_KINDS][3] = {
		[AUTH_BEARER] = {"token"}, [AUTH_BASIC] = {"user", "password"},
		[AUTH_API_KEY] = {"key"},
	};
	char what[64];
	if (slot->in->home != HOME_AUTH) {
		wrong(slot, "auth may stand under auth only");
		return;
	}
	const char *const *names = slot->place == PLACE_HOST ? NULL : HAS[slot->in->auth];
	for (const char *const *name = names; name != NULL && *name != NULL; name++) {
		if (span_is(slot->part->text, *name))
			return;
	}
	snprintf(what, sizeof what, "auth.%s", auth_kind_name(slot->in->auth));
	if (names == NULL || names[0] == NULL)
		wrong(slot, "here may stand {settings.NAME} only");
	else
		unknown(slot, what, names);
}

static bool check_template(void *user, const struct template *template, enum template_place place)
{
	const struct slots *in = user;
	for (size_t i = 0; i < template->n; i++) {
		struct slot slot = {in, template, &template->parts[i], place};
		enum slot_scope scope = template->parts[i].scope;
		if (scope == SLOT_SETTINGS)
			check_setting(&slot);
		else if (scope == SLOT_AUTH)
			check_auth_slot(&slot);
		else if (scope != SLOT_LITERAL && in->draft == NULL)
			wrong(&slot, in->home == HOME_AUTH
					     ? "here may stand {settings.NAME} and {auth.…} only"
					     : "here may stand {settings.NAME} only");
		else if (scope == SLOT_ITEM)
			check_item(&slot);
		else if (scope == SLOT_PARENT)
			check_parent(&slot);
		else if (scope == SLOT_WINDOW)
			check_window_slot(&slot);
		else if (scope == SLOT_PAGING)
			check_paging_slot(&slot);
	}
	return true;
}

static void check_auth(struct reader *r, enum auth_kind kind)
{
	const struct auth *auth = &r->connector->auth[kind];
	struct slots in = {.r = r, .home = HOME_AUTH, .auth = kind};
	const struct template *const hosts[] = {auth->base_url, auth->token_url};
	const struct template *const values[] = {auth->value, auth->user, auth->password};
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		if (hosts[i] != NULL)
			(void)check_template(&in, hosts[i], PLACE_HOST);
	}
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		if (values[i] != NULL)
			(void)check_template(&in, values[i], PLACE_HEADER);
	}
	for (size_t i = 0; i < auth->fields_n; i++) {
		for (size_t k = 0; k < auth->fields[i].n; k++)
			(void)check_template(&in, &auth->fields[i].values[k], PLACE_PLAIN);
	}
}

void check_slots(struct reader *r)
{
	struct slots in = {.r = r, .home = HOME_CONNECTOR};
	if (r->connector->base_url != NULL)
		(void)check_template(&in, r->connector->base_url, PLACE_HOST);
	for (int kind = 0; kind < AUTH_KINDS; kind++)
		check_auth(r, (enum auth_kind)kind);
	for (size_t i = 0; i < r->connector->streams_n; i++) {
		const struct stream *stream = &r->streams[i];
		in.draft = &r->drafts[i];
		in.home = HOME_REQUEST;
		(void)request_each(stream, check_template, &in);
		in.home = HOME_COUNT;
		if (stream->count.path != NULL)
			(void)check_template(&in, stream->count.path, PLACE_PATH);
		for (size_t k = 0; k < stream->count.query_n; k++) {
			const struct entry *entry = &stream->count.query[k];
			for (size_t v = 0; v < entry->n; v++)
				(void)check_template(&in, &entry->values[v], PLACE_QUERY);
		}
		in.home = HOME_COLUMN;
		for (size_t k = 0; k < stream->columns_n; k++) {
			if (stream->columns[k].value != NULL)
				(void)check_template(&in, stream->columns[k].value, PLACE_PLAIN);
		}
	}
}
