/* A connector, from its text to the structs that the engine reads: the tree, the table's check,
 * then settings, sign-in and streams one after the other, then what only the whole can tell. */
#include "connector/connector.h"

#include "connector/reader.h"

static void read_top(struct reader *r, const struct yaml *root)
{
	r->top = keys_of(&CONNECTOR_FORM, root);
	r->connector->name = keys_text(r->top, "connector");
	r->connector->comment = keys_text(r->top, "comment");
	r->connector->base_url = read_template_key(r, r->top, "base_url");
	const struct yaml *defaults = keys_node(r->top, "defaults");
	r->defaults = defaults != NULL && defaults->kind == YAML_MAP ? defaults : NULL;
}

/* ~ in defaults takes nothing away: nothing lies beneath them. */
static void check_defaults(struct reader *r)
{
	static const char *const MERGED[] = {"query", "headers", "columns"};
	if (r->defaults == NULL)
		return;
	check_names(r, r->defaults);
	for (size_t i = 0; i < sizeof MERGED / sizeof MERGED[0]; i++) {
		const struct yaml *map = yaml_member(r->defaults, MERGED[i]);
		for (size_t k = 0; map != NULL && map->kind == YAML_MAP && k < map->n; k++) {
			if (yaml_plain_kind(&map->children[k]) == YAML_NULL)
				mistake_add(r->mistakes, &map->names[k],
					    "%s.%s: ~ takes away an entry of defaults, and these "
					    "are they", MERGED[i], map->names[k].text.at);
		}
	}
}

/* Names first: a stream may be for each row of one that stands below it. */
static bool draft_streams(struct reader *r)
{
	const struct yaml *node = keys_node(r->top, "streams");
	size_t n = node == NULL || node->kind != YAML_MAP ? 0 : node->n;
	if (n > STREAMS_MAX)
		n = 0; /* told */
	r->streams = read_array(r, n, sizeof *r->streams);
	r->drafts = read_array(r, n, sizeof *r->drafts);
	if (r->streams == NULL || r->drafts == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct yaml *name = &node->names[i];
		struct draft *draft = &r->drafts[i];
		draft->stream = &r->streams[i];
		draft->name = name;
		draft->keys = keys_of(&STREAM_FORM, &node->children[i]);
		draft->keys.beneath = r->defaults;
		draft->stream->name = name->text.at;
		draft->stream->line = name->line;
		draft->stream->column = name->column;
	}
	r->connector->streams = r->streams;
	r->connector->streams_n = n;
	return true;
}

static void read_parts(struct reader *r, const struct yaml *root)
{
	read_top(r, root);
	read_settings(r);
	read_auth(r);
	check_defaults(r);
	if (!draft_streams(r))
		return;
	for (size_t i = 0; i < r->connector->streams_n && r->spent <= CONNECTOR_BYTES_MAX; i++) {
		read_stream(r, &r->drafts[i]);
		check_names(r, r->drafts[i].keys.map);
		read_answer(r, &r->drafts[i]);
		read_columns(r, &r->drafts[i]);
	}
	if (r->mistakes->failed || r->spent > CONNECTOR_BYTES_MAX)
		return;
	check_rules(r);
	check_slots(r);
}

/* Another version of the language is not held against this one's rules. */
static bool is_other_format(const struct yaml *root)
{
	const struct yaml *format = yaml_member(root, "format");
	int64_t number;
	return format != NULL && form_int(format, &number) && number != 1;
}

static void check_other_format(const struct yaml *root, struct mistakes *mistakes)
{
	for (size_t i = 0; i < root->n; i++) {
		if (span_is(root->names[i].text, "format"))
			mistake_add(mistakes, &root->names[i],
				    "format %s is not known; this firn reads 1",
				    root->children[i].text.at);
	}
}

static bool parse(struct connector *connector, struct span text, struct buf *out,
		  struct err *reterr)
{
	struct mistakes mistakes = mistakes_in(connector->arena, connector->file);
	struct reader r = {.arena = connector->arena, .mistakes = &mistakes,
			   .connector = connector};
	struct yaml *root;
	if (!yaml_read(connector->arena, text, connector->file, &root, reterr)) {
		if (out != NULL && reterr->kind == ERR_USAGE)
			buf_addf(out, "%s\n", reterr->text);
		return false;
	}
	if (is_other_format(root)) {
		check_other_format(root, &mistakes);
	} else {
		keys_check(&CONNECTOR_FORM, root, &mistakes);
		read_parts(&r, root);
	}
	return mistakes_none(&mistakes, out, reterr);
}

bool connector_parse(struct connector **ret, struct span text, const char *file,
		     struct buf *mistakes, struct err *reterr)
{
	struct arena *arena = arena_new();
	struct connector *connector = arena == NULL ? NULL : arena_alloc(arena, sizeof *connector);
	char *name = connector == NULL ? NULL : arena_text(arena, span_of(file));
	bool done = false;
	if (name == NULL) {
		err_memory(reterr);
		goto out;
	}
	connector->arena = arena;
	connector->file = name;
	done = parse(connector, text, mistakes, reterr);
	if (done)
		*ret = connector;
out:
	if (!done)
		arena_free(arena);
	return done;
}

void connector_free(struct connector *connector)
{
	if (connector != NULL)
		arena_free(connector->arena); /* it lives in there itself */
}

const struct stream *connector_stream(const struct connector *connector, const char *name)
{
	for (size_t i = 0; i < connector->streams_n; i++) {
		if (strcmp(connector->streams[i].name, name) == 0)
			return &connector->streams[i];
	}
	return NULL;
}
