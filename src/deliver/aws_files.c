#include "deliver/aws_files.h"

#include "base/text.h"

#include <stddef.h>

enum { WORDS_MAX = 64 };

static const struct key {
	const char *name;
	size_t offset;
} KEYS[] = {
	{"aws_access_key_id", offsetof(struct aws_profile, aws_access_key_id)},
	{"aws_secret_access_key", offsetof(struct aws_profile, aws_secret_access_key)},
	{"aws_session_token", offsetof(struct aws_profile, aws_session_token)},
	{"region", offsetof(struct aws_profile, region)},
	{"endpoint_url", offsetof(struct aws_profile, endpoint_url)},
	{"credential_process", offsetof(struct aws_profile, credential_process)},
	{"role_arn", offsetof(struct aws_profile, role_arn)},
	{"web_identity_token_file", offsetof(struct aws_profile, web_identity_token_file)},
	{"role_session_name", offsetof(struct aws_profile, role_session_name)},
};

static const char *const UNSUPPORTED[] = {"source_profile", "credential_source", "sso_session",
					  "sso_start_url",  "sso_account_id",    "login_session"};

static struct span cut_line(struct span *text)
{
	const char *end = memchr(text->at, '\n', text->size);
	struct span line = {text->at, end == NULL ? text->size : (size_t)(end - text->at)};
	*text = span_from(*text, line.size + 1);
	return line;
}

static struct span unquoted(struct span text)
{
	bool quoted = text.size >= 2 && (text.at[0] == '"' || text.at[0] == '\'') &&
		      text.at[text.size - 1] == text.at[0];
	return quoted ? (struct span){text.at + 1, text.size - 2} : text;
}

/* "[profile x]", trimmed. */
static bool is_section(struct span line, bool is_config, const char *profile)
{
	const char *end = memchr(line.at, ']', line.size);
	if (end == NULL)
		return false;
	struct span name = text_trim((struct span){line.at + 1, (size_t)(end - line.at) - 1});
	if (is_config && name.size > 8 && span_starts(name, SPAN("profile")) &&
	    (name.at[7] == ' ' || name.at[7] == '\t'))
		return span_is(unquoted(text_trim(span_from(name, 7))), profile);
	if (is_config && strcmp(profile, "default") != 0)
		return false;
	return span_is(unquoted(name), profile);
}

/* " # ..." behind a value is a remark. */
static struct span without_remark(struct span value)
{
	for (size_t i = 1; i < value.size; i++) {
		if ((value.at[i] == '#' || value.at[i] == ';') &&
		    (value.at[i - 1] == ' ' || value.at[i - 1] == '\t'))
			return text_trim((struct span){value.at, i});
	}
	return value;
}

static bool set(struct arena *arena, struct span name, struct span value,
		struct aws_profile *ret)
{
	for (size_t i = 0; i < sizeof UNSUPPORTED / sizeof *UNSUPPORTED; i++) {
		if (span_is(name, UNSUPPORTED[i]) && ret->unsupported == NULL)
			ret->unsupported = UNSUPPORTED[i];
	}
	for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
		if (!text_same_nocase(name, span_of(KEYS[i].name)) || value.size == 0)
			continue;
		const char *copy = arena_text(arena, value);
		if (copy == NULL)
			return false;
		memcpy((char *)ret + KEYS[i].offset, &copy, sizeof copy);
	}
	return true;
}

bool aws_profile_read(struct arena *arena, struct span text, bool is_config, const char *profile,
		      struct aws_profile *ret, struct err *reterr)
{
	bool ours = false;
	if (span_starts(text, SPAN("\xef\xbb\xbf")))
		text = span_from(text, 3);
	while (text.size > 0) {
		struct span whole = cut_line(&text), line = text_trim(whole);
		bool nested = whole.size > 0 && (whole.at[0] == ' ' || whole.at[0] == '\t');
		if (line.size == 0 || line.at[0] == '#' || line.at[0] == ';')
			continue;
		if (line.at[0] == '[' && !nested) {
			ours = is_section(line, is_config, profile);
			ret->found = ret->found || ours;
			continue;
		}
		const char *equals = memchr(line.at, '=', line.size);
		if (!ours || nested || equals == NULL)
			continue;
		struct span name = text_trim((struct span){line.at, (size_t)(equals - line.at)});
		struct span value = text_trim(span_from(line, (size_t)(equals - line.at) + 1));
		bool command = span_is(name, "credential_process");
		if (!set(arena, name, command ? value : without_remark(value), ret))
			return err_memory(reterr);
	}
	return true;
}

bool aws_split_command(struct arena *arena, const char *text, const char ***ret,
		       struct err *reterr)
{
	const char **words = arena_array(arena, WORDS_MAX + 1, sizeof *words);
	char *out = arena_alloc(arena, 2 * strlen(text) + 2);
	size_t n = 0;
	char quote = '\0';
	bool inside = false;
	if (words == NULL || out == NULL)
		return err_memory(reterr);
	for (const char *c = text;; c++) {
		bool blank = *c == ' ' || *c == '\t' || *c == '\0';
		if (*c == '\0' && quote != '\0')
			return err_set(reterr, ERR_USAGE, "a quote is not closed in "
				       "credential_process");
		if (blank && quote == '\0') {
			if (inside)
				*out++ = '\0';
			inside = false;
			if (*c == '\0')
				break;
			continue;
		}
		if (!inside) {
			if (n == WORDS_MAX)
				return err_set(reterr, ERR_USAGE, "credential_process has more "
					       "than %d words", WORDS_MAX);
			words[n++] = out;
			inside = true;
		}
		if (quote == '\0' && (*c == '"' || *c == '\''))
			quote = *c;
		else if (quote != '\0' && *c == quote)
			quote = '\0';
		else if (*c == '\\' && quote != '\'' && c[1] != '\0')
			*out++ = *++c;
		else
			*out++ = *c;
	}
	*ret = words;
	return n > 0 || err_set(reterr, ERR_USAGE, "credential_process names no program");
}
