/* The tree is made straight from libyaml's events, in one recursion that the depth limit bounds.
 * libyaml's own document API was not used: it resolves aliases and keeps tags, which a
 * configuration does not have, and it forgets whether a scalar was quoted.
 *
 * Where libyaml gives up it says so in the words of a grammar. The two mistakes that everybody
 * makes in connector files, braces that are not quoted, are recognised here and told as such. */
#include "config/yaml.h"

#include "base/bounds.h"

#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

struct reading {
	yaml_parser_t parser;
	struct arena *arena;
	struct span text;
	const char *file;
	struct err *err;
	size_t nodes;
	/* The last map in braces that looked like `{scope.name}`: where it began and ended. */
	yaml_mark_t slot_from, slot_until;
	struct span slot;
};

struct growing {
	struct yaml *at;
	size_t n, room;
};

static bool refuse(struct reading *r, yaml_mark_t mark, const char *what)
{
	return err_set(r->err, ERR_USAGE, "%s:%zu:%zu: %s", r->file, mark.line + 1, mark.column + 1,
		       what);
}

/* The byte at a mark (libyaml counts characters, not bytes); '\0' behind the end. */
static char byte_at(const struct reading *r, yaml_mark_t mark)
{
	size_t left = mark.index;
	for (size_t i = 0; i < r->text.size; i++) {
		if (((unsigned char)r->text.at[i] & 0xC0) == 0x80)
			continue;
		if (left-- == 0)
			return r->text.at[i];
	}
	return '\0';
}

/* Bytes that are no YAML at all: libyaml knows the offset, we count the lines. */
static bool refuse_bytes(struct reading *r)
{
	yaml_mark_t mark = {0};
	size_t end = r->parser.problem_offset < r->text.size ? r->parser.problem_offset
							     : r->text.size;
	/* Inside a sequence that is torn: back to its first byte. */
	if (r->parser.problem != NULL && strstr(r->parser.problem, "trailing") != NULL) {
		while (end > 0 && ((unsigned char)r->text.at[end - 1] & 0xC0) == 0x80)
			end--;
		end -= end > 0;
	}
	for (size_t i = 0; i < end; i++) {
		unsigned char c = (unsigned char)r->text.at[i];
		if (c == '\n') {
			mark.line++;
			mark.column = 0;
		} else if ((c & 0xC0) != 0x80) {
			mark.column++;
		}
	}
	bool control = r->parser.problem != NULL && strstr(r->parser.problem, "control") != NULL;
	return refuse(r, mark, control ? "a control character is not allowed"
				       : "these bytes are not UTF-8");
}

static bool refuse_syntax(struct reading *r)
{
	const yaml_parser_t *p = &r->parser;
	yaml_mark_t mark = p->problem_mark;
	char c = byte_at(r, mark);
	char what[200], shown[YAML_SHOWN_BYTES];

	if (r->slot.size > 0 && mark.index == r->slot_until.index) {
		snprintf(what, sizeof what,
			 "a value that begins with { must be quoted: \"{%s}...\"",
			 yaml_shown(r->slot, shown));
		return refuse(r, r->slot_from, what);
	}
	if (c == '{' && p->context != NULL && strstr(p->context, "flow mapping") != NULL)
		return refuse(r, mark, "inside { } a value that holds { must be quoted");
	if (p->error == YAML_SCANNER_ERROR && c == '\t')
		return refuse(r, mark, "a tab cannot indent; use blanks");
	if (p->error == YAML_SCANNER_ERROR && (c == '@' || c == '`' || c == '%')) {
		snprintf(what, sizeof what, "a value that begins with %c must be quoted", c);
		return refuse(r, mark, what);
	}
	int size = snprintf(what, sizeof what, "not valid YAML: %s",
			    p->problem == NULL ? "unknown reason" : p->problem);
	if (p->context != NULL && p->context_mark.line != mark.line && size > 0 &&
	    (size_t)size < sizeof what)
		snprintf(what + size, sizeof what - (size_t)size, " (%s that began in line %zu)",
			 p->context, p->context_mark.line + 1);
	return refuse(r, mark, what);
}

static bool next_event(struct reading *r, yaml_event_t *ret)
{
	if (yaml_parser_parse(&r->parser, ret))
		return true;
	if (r->parser.error == YAML_MEMORY_ERROR)
		return err_memory(r->err);
	if (r->parser.error == YAML_READER_ERROR)
		return refuse_bytes(r);
	return refuse_syntax(r);
}

static struct yaml *grow(struct reading *r, struct growing *list)
{
	if (list->n == list->room) {
		size_t room = list->room == 0 ? 4 : 2 * list->room;
		struct yaml *at = arena_array(r->arena, room, sizeof *at);
		if (at == NULL) {
			err_memory(r->err);
			return NULL;
		}
		if (list->n > 0)
			memcpy(at, list->at, list->n * sizeof *at);
		list->at = at;
		list->room = room;
	}
	return &list->at[list->n++];
}

static bool refuse_extras(struct reading *r, yaml_mark_t mark, const yaml_char_t *anchor,
			  const yaml_char_t *tag)
{
	if (anchor != NULL)
		return refuse(r, mark, "anchors (&name) are not known here");
	if (tag != NULL)
		return refuse(r, mark, "tags (!name) are not known here");
	return true;
}

static bool read_scalar(struct reading *r, const yaml_event_t *event, struct yaml *ret)
{
	struct span text = {(const char *)event->data.scalar.value, event->data.scalar.length};
	if (!refuse_extras(r, event->start_mark, event->data.scalar.anchor, event->data.scalar.tag))
		return false;
	if (text.size > 0 && memchr(text.at, '\0', text.size) != NULL)
		return refuse(r, event->start_mark, "a NUL character is not allowed");
	ret->kind = YAML_SCALAR;
	ret->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	const char *copy = arena_text(r->arena, text);
	ret->text = (struct span){copy, text.size};
	return copy != NULL || err_memory(r->err);
}

/* Equal names side by side, in the order of the file. */
static int by_name(const void *a, const void *b)
{
	const struct yaml *left = *(const struct yaml *const *)a;
	const struct yaml *right = *(const struct yaml *const *)b;
	size_t size = left->text.size < right->text.size ? left->text.size : right->text.size;
	int order = memcmp(left->text.at, right->text.at, size);
	if (order != 0)
		return order;
	if (left->text.size != right->text.size)
		return left->text.size < right->text.size ? -1 : 1;
	return left < right ? -1 : left > right;
}

/* Sorted, so that a file of a hundred thousand keys takes no minutes. */
static bool refuse_twice(struct reading *r, const struct growing *names)
{
	const struct yaml *twice = NULL, *first = NULL;
	if (names->n < 2)
		return true;
	const struct yaml **sorted = malloc(names->n * sizeof *sorted);
	if (sorted == NULL)
		return err_memory(r->err);
	for (size_t i = 0; i < names->n; i++)
		sorted[i] = &names->at[i];
	qsort(sorted, names->n, sizeof *sorted, by_name);
	for (size_t i = 1; i < names->n; i++) {
		if (!span_equal(sorted[i - 1]->text, sorted[i]->text))
			continue;
		if (twice == NULL || sorted[i] < twice) {
			first = sorted[i - 1];
			twice = sorted[i];
		}
	}
	free(sorted);
	if (twice == NULL)
		return true;
	char shown[YAML_SHOWN_BYTES];
	return err_set(r->err, ERR_USAGE, "%s:%d:%d: \"%s\" is given twice, first in line %d",
		       r->file, twice->line, twice->column, yaml_shown(twice->text, shown),
		       first->line);
}

static void remember_slot(struct reading *r, const struct yaml *map, yaml_mark_t from,
			  yaml_mark_t until)
{
	if (map->n != 1 || map->names[0].quoted || map->children[0].kind != YAML_SCALAR ||
	    map->children[0].quoted || map->children[0].text.size > 0)
		return;
	r->slot = map->names[0].text;
	r->slot_from = from;
	r->slot_until = until;
}

static bool read_node(struct reading *r, const yaml_event_t *event, int depth, struct yaml *ret);

static bool read_name(struct reading *r, const yaml_event_t *event, struct yaml *ret)
{
	if (event->type != YAML_SCALAR_EVENT && event->type != YAML_ALIAS_EVENT)
		return refuse(r, event->start_mark, "a key must be plain text; a value that begins "
						    "with { or [ must be quoted");
	if (!read_node(r, event, 0, ret))
		return false;
	if (!ret->quoted && span_is(ret->text, "<<"))
		return refuse(r, event->start_mark, "merge keys (<<) are not known here");
	return true;
}

/* Everything up to the event that ends the list or map. */
static bool read_children(struct reading *r, yaml_event_type_t end, int depth, struct yaml *ret,
			  yaml_mark_t *ret_end)
{
	struct growing names = {0}, children = {0};
	bool map = end == YAML_MAPPING_END_EVENT;

	for (bool name = map;; name = map && !name) {
		yaml_event_t event;
		if (!next_event(r, &event))
			return false;
		bool done = event.type == end;
		bool ok = true;
		*ret_end = event.end_mark;
		if (!done) {
			struct yaml *node = grow(r, name ? &names : &children);
			ok = node != NULL && (name ? read_name(r, &event, node)
						   : read_node(r, &event, depth + 1, node));
		}
		yaml_event_delete(&event);
		if (!ok)
			return false;
		if (done)
			break;
	}
	ret->children = children.at;
	ret->names = names.at;
	ret->n = children.n;
	return !map || refuse_twice(r, &names);
}

static bool read_list(struct reading *r, const yaml_event_t *event, int depth, struct yaml *ret)
{
	yaml_mark_t end;
	ret->kind = YAML_LIST;
	return refuse_extras(r, event->start_mark, event->data.sequence_start.anchor,
			     event->data.sequence_start.tag) &&
	       read_children(r, YAML_SEQUENCE_END_EVENT, depth, ret, &end);
}

static bool read_map(struct reading *r, const yaml_event_t *event, int depth, struct yaml *ret)
{
	yaml_mark_t end;
	ret->kind = YAML_MAP;
	if (!refuse_extras(r, event->start_mark, event->data.mapping_start.anchor,
			   event->data.mapping_start.tag) ||
	    !read_children(r, YAML_MAPPING_END_EVENT, depth, ret, &end))
		return false;
	if (event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE)
		remember_slot(r, ret, event->start_mark, end);
	return true;
}

static bool read_node(struct reading *r, const yaml_event_t *event, int depth, struct yaml *ret)
{
	ret->line = (int)event->start_mark.line + 1;
	ret->column = (int)event->start_mark.column + 1;
	if (depth > CONFIG_DEPTH_MAX)
		return err_set(r->err, ERR_USAGE, "%s:%d:%d: more than %d levels inside each other",
			       r->file, ret->line, ret->column, (int)CONFIG_DEPTH_MAX);
	if (++r->nodes > CONFIG_NODES_MAX)
		return err_set(r->err, ERR_USAGE, "%s:%d:%d: more than %d values", r->file,
			       ret->line, ret->column, (int)CONFIG_NODES_MAX);
	switch (event->type) {
	case YAML_SCALAR_EVENT: return read_scalar(r, event, ret);
	case YAML_SEQUENCE_START_EVENT: return read_list(r, event, depth, ret);
	case YAML_MAPPING_START_EVENT: return read_map(r, event, depth, ret);
	default: return refuse(r, event->start_mark, "aliases (*name) are not known here");
	}
}

/* One event of the frame around the document; what is not the document has no content. */
static bool read_frame(struct reading *r, const yaml_event_t *event, struct yaml **root)
{
	switch (event->type) {
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return true;
	case YAML_DOCUMENT_START_EVENT:
		if (*root != NULL)
			return refuse(r, event->start_mark, "a second document (---) begins here; "
							    "expected one");
		if (event->data.document_start.tag_directives.start !=
		    event->data.document_start.tag_directives.end)
			return refuse(r, event->start_mark, "tags (%TAG) are not known here");
		return true;
	default:
		*root = arena_alloc(r->arena, sizeof **root);
		if (*root == NULL)
			return err_memory(r->err);
		return read_node(r, event, 1, *root);
	}
}

bool yaml_read(struct arena *arena, struct span text, const char *file, struct yaml **ret,
	       struct err *reterr)
{
	struct reading r = {.arena = arena, .file = file, .err = reterr};
	struct yaml *root = NULL;
	bool done = false, ok = true;

	if (text.size > CONFIG_BYTES_MAX)
		return err_set(reterr, ERR_USAGE, "%s:1:1: more than 1 MiB", file);
	/* libyaml would count the byte order mark as a column. */
	r.text = span_starts(text, SPAN("\xEF\xBB\xBF")) ? span_from(text, 3) : text;
	if (!yaml_parser_initialize(&r.parser))
		return err_memory(reterr);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)r.text.at, r.text.size);
	while (ok && !done) {
		yaml_event_t event;
		ok = next_event(&r, &event);
		if (!ok)
			break;
		done = event.type == YAML_STREAM_END_EVENT;
		ok = read_frame(&r, &event, &root);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&r.parser);
	if (ok && root == NULL) {
		root = arena_alloc(arena, sizeof *root);
		if (root == NULL)
			return err_memory(reterr);
		*root = (struct yaml){.kind = YAML_MAP, .line = 1, .column = 1};
	}
	if (ok)
		*ret = root;
	return ok;
}

const struct yaml *yaml_member(const struct yaml *map, const char *name)
{
	if (map == NULL || map->kind != YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++) {
		if (span_is(map->names[i].text, name))
			return &map->children[i];
	}
	return NULL;
}

const char *yaml_kind_name(enum yaml_kind kind)
{
	switch (kind) {
	case YAML_SCALAR: return "a scalar";
	case YAML_LIST: return "a list";
	case YAML_MAP: return "a map";
	}
	return "nothing";
}

static size_t digits(struct span text, size_t at)
{
	size_t n = 0;
	while (at + n < text.size && text.at[at + n] >= '0' && text.at[at + n] <= '9')
		n++;
	return n;
}

/* JSON's numbers (RFC 8259, chapter 6): no plus, no leading zeros, no 0x10, no .5 */
static bool is_number(struct span text)
{
	size_t at = text.size > 0 && text.at[0] == '-' ? 1 : 0;
	size_t whole = digits(text, at);
	if (whole == 0 || (whole > 1 && text.at[at] == '0'))
		return false;
	at += whole;
	if (at < text.size && text.at[at] == '.') {
		size_t n = digits(text, at + 1);
		if (n == 0)
			return false;
		at += 1 + n;
	}
	if (at < text.size && (text.at[at] == 'e' || text.at[at] == 'E')) {
		at++;
		if (at < text.size && (text.at[at] == '+' || text.at[at] == '-'))
			at++;
		size_t n = digits(text, at);
		if (n == 0)
			return false;
		at += n;
	}
	return at == text.size;
}

enum yaml_plain yaml_plain_kind(const struct yaml *scalar)
{
	if (scalar->kind != YAML_SCALAR || scalar->quoted)
		return YAML_TEXT;
	if (scalar->text.size == 0 || span_is(scalar->text, "~") || span_is(scalar->text, "null"))
		return YAML_NULL;
	if (span_is(scalar->text, "true") || span_is(scalar->text, "false"))
		return YAML_BOOL;
	return is_number(scalar->text) ? YAML_NUMBER : YAML_TEXT;
}

const char *yaml_shown(struct span text, char out[YAML_SHOWN_BYTES])
{
	size_t n = 0;
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.at[i];
		bool start = (c & 0xC0) != 0x80;
		if ((start && n + 8 > YAML_SHOWN_BYTES) || n + 5 > YAML_SHOWN_BYTES) {
			memcpy(out + n, "...", 3);
			n += 3;
			break;
		}
		/* U+0080 to U+009F are control characters too, and terminals obey them. */
		if (c == 0xC2 && i + 1 < text.size && (unsigned char)text.at[i + 1] < 0xA0) {
			i++;
			c = '?';
		}
		out[n++] = c < 0x20 || c == 0x7F ? '?' : (char)c;
	}
	out[n] = '\0';
	return out;
}
