#include "config/secret.h"

#include "base/bounds.h"
#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "base/text.h"
#include "base/thread.h"

#include <stdlib.h>

enum { COMMAND_WAIT_MS = 30 * 1000, COMMAND_WORDS_MAX = 64, SCRUB_BYTES_MIN = 4 };

/* Bytes that must not be seen. Values stay here when they are replaced: a log line that is
 * written later may still hold one, and whoever uses one need not care when that happens. */
struct known {
	struct known *next;
	struct buf value;
	bool hidden; /* false: who somebody is, in clear in the file itself */
	bool passing; /* a token: the oldest of these go when they are many */
};

struct held {
	struct secret secret; /* first: a struct secret * is also a struct held * */
	struct held *next;
	char *name;
	struct buf text; /* as it stands in the file */
};

struct secrets {
	char *folder;
	struct held *first;
	struct buf files; /* paths of ${file:…}, a NUL behind each */
	struct monitor *monitor; /* guards what follows: two threads write to the log */
	struct known *known;     /* the newest first */
	size_t passing_n;
	bool begins[256];        /* some known value begins with this byte */
};

bool secrets_new(struct secrets **ret, const char *folder, struct err *reterr)
{
	struct secrets *secrets = calloc(1, sizeof *secrets);
	if (secrets == NULL)
		return err_memory(reterr);
	buf_init(&secrets->files, CONFIG_BYTES_MAX);
	secrets->folder = strdup(folder);
	bool done = (secrets->folder != NULL || err_memory(reterr)) &&
		    monitor_new(&secrets->monitor, reterr);
	if (done)
		*ret = secrets;
	else
		secrets_free(secrets);
	return done;
}

static void wipe(struct known *known)
{
	buf_wipe(&known->value);
	free(known);
}

static void free_held(struct held *held)
{
	buf_wipe(&held->text);
	free(held->name);
	free(held);
}

void secrets_free(struct secrets *secrets)
{
	if (secrets == NULL)
		return;
	while (secrets->first != NULL) {
		struct held *next = secrets->first->next;
		free_held(secrets->first);
		secrets->first = next;
	}
	while (secrets->known != NULL) {
		struct known *next = secrets->known->next;
		wipe(secrets->known);
		secrets->known = next;
	}
	if (secrets->monitor != NULL)
		monitor_free(secrets->monitor);
	buf_done(&secrets->files);
	free(secrets->folder);
	free(secrets);
}

/* --- what is known --- */

static void drop_oldest_token(struct secrets *secrets)
{
	struct known **oldest = NULL;
	for (struct known **at = &secrets->known; *at != NULL; at = &(*at)->next) {
		if ((*at)->passing)
			oldest = at;
	}
	if (oldest == NULL)
		return;
	struct known *gone = *oldest;
	*oldest = gone->next;
	secrets->passing_n--;
	wipe(gone);
}

/* The value in the list, put there if it is not; NULL: no memory. */
static struct known *know(struct secrets *secrets, struct span value, bool hidden, bool passing)
{
	struct known *known = secrets->known;
	while (known != NULL && !span_equal(buf_span(&known->value), value))
		known = known->next;
	if (known == NULL) {
		known = calloc(1, sizeof *known);
		if (known == NULL)
			return NULL;
		buf_init(&known->value, value.size + 1);
		buf_add_span(&known->value, value);
		if (known->value.failed) {
			free(known);
			return NULL;
		}
		known->passing = passing;
		known->next = secrets->known;
		secrets->known = known;
		secrets->passing_n += passing;
	}
	if (known->passing && !passing) {
		known->passing = false;
		secrets->passing_n--;
	}
	known->hidden |= hidden && value.size >= SCRUB_BYTES_MIN;
	if (known->hidden)
		secrets->begins[(unsigned char)value.at[0]] = true;
	if (secrets->passing_n > TOKENS_NOTED_MAX)
		drop_oldest_token(secrets);
	return known;
}

/* As it stands in a URL and in JSON, where that is something else. */
static bool know_other_forms(struct secrets *secrets, struct span value, bool passing)
{
	struct buf text;
	bool done = true;
	if (value.size < SCRUB_BYTES_MIN)
		return true;
	buf_init(&text, 8 * SECRET_BYTES_MAX);
	text_percent(&text, value);
	if (!span_equal(buf_span(&text), value))
		done = !text.failed && know(secrets, buf_span(&text), true, passing) != NULL;
	size_t start = text.size;
	json_add_text(&text, value);
	struct span inner = {buf_text(&text) + start + 1, text.size - start - 2};
	if (done && !text.failed && !span_equal(inner, value))
		done = know(secrets, inner, true, passing) != NULL;
	done = done && !text.failed;
	buf_wipe(&text);
	return done;
}

/* --- ${…} --- */

static bool from_environment(struct span name, struct buf *ret, struct err *reterr)
{
	char text[256];
	if (name.size == 0 || name.size >= sizeof text)
		return err_set(reterr, ERR_USAGE, "${%.*s} is not a name of the environment",
			       name.size > 40 ? 40 : (int)name.size, name.at);
	memcpy(text, name.at, name.size);
	text[name.size] = '\0';
	for (size_t i = 0; i < name.size; i++) {
		char c = text[i];
		bool good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
			    (i > 0 && c >= '0' && c <= '9');
		if (!good)
			return err_set(reterr, ERR_USAGE,
				       "${%s}: expected NAME, file:PATH or cmd:[\"program\", ...]",
				       text);
	}
	const char *value = getenv(text);
	if (value == NULL)
		return err_set(reterr, ERR_USAGE, "the environment variable %s is not set", text);
	return buf_add_text(ret, value) || err_memory(reterr);
}

/* The last line end is the editor's, not the secret's. */
static void cut_line_end(struct buf *text, size_t start)
{
	if (text->size > start && text->data[text->size - 1] == '\n')
		buf_cut(text, text->size - 1);
	if (text->size > start && text->data[text->size - 1] == '\r')
		buf_cut(text, text->size - 1);
}

/* Secrets are read again and again while firn stays; each file is named once. */
static void note_file(struct secrets *secrets, const struct buf *path)
{
	const char *at = buf_text(&secrets->files), *end = at + secrets->files.size;
	for (; at < end; at += strlen(at) + 1) {
		if (strcmp(at, buf_text(path)) == 0)
			return;
	}
	buf_add(&secrets->files, buf_text(path), path->size + 1);
}

static bool from_file(struct secrets *secrets, struct span name, struct buf *ret,
		      struct err *reterr)
{
	struct buf given, path, content;
	buf_init(&given, PATH_BYTES_MAX);
	buf_init(&path, PATH_BYTES_MAX);
	buf_init(&content, SECRET_BYTES_MAX);
	buf_add_span(&given, name);
	bool done = buf_ok(&given, reterr) &&
		    file_join(&path, secrets->folder, buf_text(&given), reterr) &&
		    file_read(buf_text(&path), &content, reterr);
	if (done) {
		cut_line_end(&content, 0);
		buf_add_span(ret, buf_span(&content));
		note_file(secrets, &path);
	} else {
		reterr->kind = ERR_USAGE;
		err_at(reterr, "${file:...}");
	}
	buf_wipe(&content);
	buf_done(&path);
	buf_done(&given);
	return done;
}

static bool from_command(struct span list, struct buf *ret, struct err *reterr)
{
	char *words[COMMAND_WORDS_MAX + 1] = {NULL};
	struct err ignored = {0};
	size_t n = 0;
	struct buf output;
	bool done = true;

	struct json_doc *doc = json_parse(list, &ignored);
	struct json_walk walk = json_walk(doc == NULL ? NULL : json_root(doc));
	bool good = doc != NULL && json_kind(json_root(doc)) == JSON_LIST &&
		    json_count(json_root(doc)) > 0 &&
		    json_count(json_root(doc)) <= COMMAND_WORDS_MAX;
	buf_init(&output, SECRET_BYTES_MAX);
	while (good && json_next(&walk)) {
		good = json_kind(walk.value) == JSON_TEXT;
		if (good) {
			struct span word = json_text(walk.value);
			words[n] = strndup(word.at, word.size);
			good = words[n++] != NULL;
		}
	}
	if (!good) {
		done = err_set(reterr, ERR_USAGE,
			       "${cmd:...}: expected a list of texts such as [\"pass\", \"show\", "
			       "\"firn\"]");
	} else if (!process_output((const char *const *)words, COMMAND_WAIT_MS, &output, reterr)) {
		done = err_at(reterr, "${cmd:...}");
	} else {
		cut_line_end(&output, 0);
		buf_add_span(ret, buf_span(&output));
	}
	while (n > 0)
		free(words[--n]);
	buf_wipe(&output);
	json_free(doc);
	return done;
}

/* The brace that closes: of a command the one behind its list, for texts may hold braces. */
static const char *closing(const char *at, const char *end)
{
	bool quoted = false;
	for (; at < end; at++) {
		if (*at == '\\' && quoted)
			at++;
		else if (*at == '"')
			quoted = !quoted;
		else if (*at == '}' && !quoted)
			return at;
	}
	return NULL;
}

static bool expand_one(struct secrets *secrets, struct span what, struct buf *ret,
		       struct err *reterr)
{
	if (span_starts(what, SPAN("file:")))
		return from_file(secrets, span_from(what, 5), ret, reterr);
	if (span_starts(what, SPAN("cmd:")))
		return from_command(span_from(what, 4), ret, reterr);
	return from_environment(what, ret, reterr);
}

bool secrets_expand(struct secrets *secrets, struct span text, struct buf *ret,
		    bool *ret_reference, struct err *reterr)
{
	const char *at = text.at, *end = text.at + text.size;
	*ret_reference = false;
	while (at < end) {
		const char *dollar = memchr(at, '$', (size_t)(end - at));
		if (dollar == NULL)
			dollar = end;
		buf_add(ret, at, (size_t)(dollar - at));
		at = dollar;
		if (at == end)
			break;
		if (at + 1 < end && at[1] == '{') {
			const char *close = closing(at + 2, end);
			if (close == NULL)
				return err_set(reterr, ERR_USAGE, "${ without its }");
			struct span what = {at + 2, (size_t)(close - at - 2)};
			*ret_reference = true;
			if (!expand_one(secrets, what, ret, reterr))
				return false;
			at = close + 1;
		} else {
			buf_add_char(ret, '$');
			at += at + 1 < end && at[1] == '$' ? 2 : 1;
		}
	}
	return buf_ok(ret, reterr);
}

/* --- secrets --- */

static bool resolve(struct secrets *secrets, struct held *held, struct err *reterr)
{
	struct buf value;
	bool reference = false;
	buf_init(&value, SECRET_BYTES_MAX);
	bool done = secrets_expand(secrets, buf_span(&held->text), &value, &reference, reterr);
	if (!done) {
		buf_wipe(&value);
		return err_at(reterr, "%s", held->name);
	}
	bool hidden = reference || !held->secret.identity;
	monitor_enter(secrets->monitor);
	struct known *known = know(secrets, buf_span(&value), hidden, false);
	done = known != NULL &&
	       (!hidden || know_other_forms(secrets, buf_span(&value), false));
	monitor_leave(secrets->monitor);
	buf_wipe(&value);
	if (!done)
		return err_memory(reterr);
	held->secret.value = buf_span(&known->value);
	held->secret.plain = !reference;
	return true;
}

bool secrets_add(struct secrets *secrets, const char *name, struct span text, bool identity,
		 struct secret **ret, struct err *reterr)
{
	struct held *held = calloc(1, sizeof *held);
	if (held == NULL)
		return err_memory(reterr);
	held->secret.identity = identity;
	held->name = strdup(name);
	buf_init(&held->text, CONFIG_BYTES_MAX);
	buf_add_span(&held->text, text);
	bool done = (held->name != NULL && !held->text.failed) || err_memory(reterr);
	if (!done || !resolve(secrets, held, reterr)) {
		free_held(held);
		return false;
	}
	held->secret.name = held->name;
	held->secret.rereadable = strstr(buf_text(&held->text), "${file:") != NULL ||
				  strstr(buf_text(&held->text), "${cmd:") != NULL;
	held->next = secrets->first;
	secrets->first = held;
	*ret = &held->secret;
	return true;
}

static bool note(struct secrets *secrets, struct span value, bool passing, struct err *reterr)
{
	if (value.size < SCRUB_BYTES_MIN)
		return true;
	monitor_enter(secrets->monitor);
	bool done = know(secrets, value, true, passing) != NULL &&
		    know_other_forms(secrets, value, passing);
	monitor_leave(secrets->monitor);
	return done || err_memory(reterr);
}

bool secrets_note(struct secrets *secrets, struct span value, struct err *reterr)
{
	return note(secrets, value, false, reterr);
}

bool secrets_note_token(struct secrets *secrets, struct span value, struct err *reterr)
{
	return note(secrets, value, true, reterr);
}

bool secrets_reload(struct secrets *secrets, struct err *reterr)
{
	for (struct held *held = secrets->first; held != NULL; held = held->next) {
		if (held->secret.rereadable && !resolve(secrets, held, reterr))
			return false;
	}
	return true;
}

/* --- scrubbing --- */

/* Behind the longest known value that begins here; `at` where none does. */
static size_t secret_end(const struct secrets *secrets, struct span text, size_t at)
{
	size_t longest = 0;
	if (!secrets->begins[(unsigned char)text.at[at]])
		return at;
	for (const struct known *known = secrets->known; known != NULL; known = known->next) {
		struct span value = buf_span(&known->value);
		if (known->hidden && value.size > longest &&
		    span_starts(span_from(text, at), value))
			longest = value.size;
	}
	return at + longest;
}

/* True where the text before `at` ends in a query entry's name that secrets go by, and `=`. */
static bool behind_parameter(struct span text, size_t at)
{
	static const char *const names[] = {"apikey", "api_key", "key", "token", "access_token",
					    "client_secret", "password"};
	if (at < 2 || text.at[at - 1] != '=')
		return false;
	size_t start = at - 1;
	while (start > 0 && text.at[start - 1] != '?' && text.at[start - 1] != '&' &&
	       at - start < NAME_BYTES_MAX)
		start--;
	struct span name = {text.at + start, at - 1 - start};
	if (start == 0 || (text.at[start - 1] != '?' && text.at[start - 1] != '&'))
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (text_same_nocase(name, span_of(names[i])))
			return true;
	}
	return false;
}

void secrets_scrub(const struct secrets *secrets, struct buf *out, struct span text)
{
	monitor_enter(secrets->monitor);
	for (size_t at = 0; at < text.size;) {
		size_t end = secret_end(secrets, text, at);
		if (behind_parameter(text, at)) {
			while (end < text.size && strchr("& \t\r\n\"'", text.at[end]) == NULL)
				end++;
		}
		if (end == at) {
			buf_add_char(out, text.at[at++]);
			continue;
		}
		/* Of two that overlap no end may be left standing. */
		for (size_t i = at + 1; i < end; i++) {
			size_t other = secret_end(secrets, text, i);
			end = other > end && other > i ? other : end;
		}
		buf_add_text(out, "***");
		at = end;
	}
	monitor_leave(secrets->monitor);
}

void secrets_each(const struct secrets *secrets,
		  void (*told)(void *user, const struct secret *), void *user)
{
	for (const struct held *held = secrets->first; held != NULL; held = held->next)
		told(user, &held->secret);
}

void secrets_each_file(const struct secrets *secrets,
		       void (*told)(void *user, const char *path), void *user)
{
	const char *path = buf_text(&secrets->files), *end = path + secrets->files.size;
	for (; path < end; path += strlen(path) + 1)
		told(user, path);
}
