/* The log: the lines that operators search for, whole, without secrets and without tricks. */
#include "base/log.h"

#include "base/bounds.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/stamp.h"
#include "base/text.h"
#include "base/thread.h"
#include "base/zone_private.h"

#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

/* --- help --- */
struct place {
	struct scratch folder;
	struct log *log;
	int screen, saved; /* descriptors: where standard error goes now, and where it went */
};

static struct place open_place(int line, struct log_options options)
{
	struct place place = {.folder = scratch_make(line)};
	struct scratch screen = scratch_at(&place.folder, "screen");
	struct scratch logs = scratch_at(&place.folder, "logs");
	struct err err = {0};
	place.screen = file_open_append(screen.path, &err);
	place.saved = dup(2);
	dup2(place.screen, 2);
	if (options.dir == NULL)
		options.dir = logs.path;
	else if (options.dir[0] == '\0')
		options.dir = NULL;
	if (options.pipeline == NULL)
		options.pipeline = "weather";
	assert_true(log_open(&place.log, &options, &err));
	return place;
}

/* From here on standard error is the real one again, so that a failing test can say why. */
static struct buf read_file(const struct place *place, const char *name)
{
	dup2(place->saved, 2);
	struct scratch path = scratch_at(&place->folder, name);
	struct err err;
	struct buf text;
	buf_init(&text, 10 * MIB);
	if (file_exists(path.path))
		assert_true(file_read(path.path, &text, &err));
	return text;
}

static struct buf read_log(const struct place *place)
{
	char date[STAMP_TEXT_BYTES];
	struct stamp_parts now = stamp_parts(clock_now_us());
	snprintf(date, sizeof date, "logs/weather_pipeline_%04d%02d%02d.log", now.year, now.month,
		 now.day);
	return read_file(place, date);
}

static void close_place(struct place *place)
{
	log_close(place->log);
	dup2(place->saved, 2);
	close(place->saved);
	close(place->screen);
	scratch_remove(&place->folder);
}

static void assert_holds(struct buf *text, const char *part)
{
	if (strstr(buf_text(text), part) == NULL)
		fail_msg("no '%s' in: %s", part, buf_text(text));
	buf_done(text);
}

/* --- lines --- */
/* `2026-11-23 04:05:06,789 - INFO - [run 4f2a] [users] text`: programs read this. */
static void a_line_of_the_file_has_time_level_run_stream_and_text(void **state)
{
	struct place place = open_place(__LINE__, (struct log_options){.screen_level = LOG_ERROR});
	(void)state;
	log_line(place.log, LOG_INFO, NULL, "Retrieved %d records from page %d", 5, 1);
	log_set_run(place.log, "4f2a");
	log_line(place.log, LOG_DEBUG, "users", "MERGE completed");
	log_set_run(place.log, NULL);
	log_line(place.log, LOG_WARNING, NULL, "x");
	struct buf text = read_log(&place);
	static const char SHAPE[] = "dddd-dd-dd dd:dd:dd,ddd - ";
	for (size_t i = 0; i < sizeof SHAPE - 1; i++) {
		char c = text.data[i];
		assert_true(SHAPE[i] == 'd' ? c >= '0' && c <= '9' : c == SHAPE[i]);
	}
	char *line = text.data + sizeof SHAPE - 1;
	assert_true(strncmp(line, "INFO - Retrieved 5 records from page 1\n", 39) == 0);
	line = strchr(line, '\n') + sizeof SHAPE;
	assert_true(strncmp(line, "DEBUG - [run 4f2a] [users] MERGE completed\n", 43) == 0);
	line = strchr(line, '\n') + sizeof SHAPE;
	assert_string_equal(line, "WARNING - x\n");
	buf_done(&text);
	text = read_file(&place, "screen");
	assert_string_equal(buf_text(&text), "");
	buf_done(&text);
	close_place(&place);
}

static void the_screen_gets_lines_from_its_level_on(void **state)
{
	struct place place = open_place(__LINE__, (struct log_options){.screen_level = LOG_INFO});
	(void)state;
	log_set_run(place.log, "4f2a");
	log_line(place.log, LOG_DEBUG, NULL, "hidden");
	log_line(place.log, LOG_INFO, "users", "5 rows");
	log_line(place.log, LOG_WARNING, NULL, "careful");
	log_line(place.log, LOG_ERROR, "users", "bad");
	struct buf text = read_file(&place, "screen");
	assert_string_equal(buf_text(&text),
			    "[users] 5 rows\nwarning: careful\nerror: [users] bad\n");
	buf_done(&text);
	close_place(&place);
}

static void a_line_as_json_is_one_object(void **state)
{
	struct place place = open_place(__LINE__, (struct log_options){.json = true});
	(void)state;
	log_set_run(place.log, "4f2a");
	log_line(place.log, LOG_ERROR, "us\"ers", "a \"quote\"\nand a line");
	log_line(place.log, LOG_INFO, NULL, "plain");
	struct buf text = read_log(&place), screen = read_file(&place, "screen");
	assert_string_equal(buf_text(&text), buf_text(&screen));
	char *end = strchr(text.data, '\n');
	struct err err;
	int64_t us;
	struct span first = {text.data, (size_t)(end - text.data)};
	struct json_doc *doc = json_parse(first, &err);
	const struct json *root = json_root(doc);
	assert_true(stamp_read_iso(json_text_member(root, "time", ""), &us));
	assert_in_range(clock_now_us() - us, 0, 60 * STAMP_SECOND);
	assert_true(span_is(json_text_member(root, "level", ""), "ERROR"));
	assert_true(span_is(json_text_member(root, "run", ""), "4f2a"));
	assert_true(span_is(json_text_member(root, "stream", ""), "us\"ers"));
	assert_true(span_is(json_text_member(root, "text", ""), "a \"quote\"\\x0aand a line"));
	json_free(doc);
	doc = json_parse(span_of(end), &err);
	assert_null(json_member(json_root(doc), SPAN("stream")));
	json_free(doc);
	buf_done(&text);
	buf_done(&screen);
	close_place(&place);
}

/* A server's words must neither forge a line nor command the terminal. */
static void control_characters_are_shown_not_obeyed(void **state)
{
	struct place place = open_place(__LINE__, (struct log_options){.screen_level = LOG_INFO});
	(void)state;
	log_line(place.log, LOG_INFO, "s\n", "a\nb\r\x1B[2J\x7F\t\xC2\x9B\xC2\xA0\xFF.\xC3\xA4");
	struct buf text = read_file(&place, "screen");
	assert_string_equal(buf_text(&text), "[s\\x0a] a\\x0ab\\x0d\\x1b[2J\\x7f\\x09\\x9b\xC2\xA0"
					     "\xEF\xBF\xBD.\xC3\xA4\n");
	buf_done(&text);
	text = read_log(&place);
	assert_holds(&text, "[s\\x0a] a\\x0ab\\x0d\\x1b[2J");
	close_place(&place);
}

static void scrub_secret(const void *user, struct buf *out, struct span text)
{
	const char *secret = user;
	for (size_t i = 0; i < text.size;) {
		if (span_starts(span_from(text, i), span_of(secret))) {
			buf_add_text(out, "***");
			i += strlen(secret);
		} else {
			buf_add_char(out, text.at[i++]);
		}
	}
}

/* Also one that would look different once it is escaped, and one in the stream's name. */
static void secrets_are_scrubbed_before_anything_else(void **state)
{
	struct log_options options = {.scrub = scrub_secret, .scrub_user = "to\"k\nen"};
	(void)state;
	for (int json = 0; json < 2; json++) {
		options.json = json;
		struct place place = open_place(__LINE__, options);
		log_line(place.log, LOG_INFO, "to\"k\nen", "apikey=to\"k\nen&x=%s", "to\"k\nen");
		struct buf text = read_log(&place), screen = read_file(&place, "screen");
		assert_null(strstr(buf_text(&text), "en&"));
		assert_null(strstr(buf_text(&screen), "to"));
		assert_holds(&text, "apikey=***&x=***");
		assert_holds(&screen, "***");
		close_place(&place);
	}
}

static void a_line_that_is_too_long_is_cut_at_a_whole_character(void **state)
{
	static char long_text[3 * LOG_LINE_BYTES_MAX];
	struct place place = open_place(__LINE__, (struct log_options){.screen_level = LOG_INFO});
	(void)state;
	for (size_t i = 0; i + 3 < sizeof long_text; i += 3)
		memcpy(long_text + i, "\xE6\x97\xA5", 3);
	log_line(place.log, LOG_INFO, NULL, "%s", long_text);
	struct buf text = read_file(&place, "screen");
	assert_in_range(text.size, LOG_LINE_BYTES_MAX - 4, LOG_LINE_BYTES_MAX + 4);
	assert_string_equal(text.data + text.size - 4, "...\n");
	assert_null(strstr(text.data, "\xEF\xBF\xBD"));
	buf_done(&text);
	close_place(&place);
}

static void count_calls(void *user, bool before)
{
	int *calls = user;
	assert_int_equal(*calls % 2, before ? 0 : 1);
	++*calls;
}

static void a_progress_bar_is_taken_away_and_put_back_around_each_line(void **state)
{
	int calls = 0;
	struct log_options options = {.around = count_calls, .around_user = &calls,
				      .screen_level = LOG_INFO};
	struct place place = open_place(__LINE__, options);
	(void)state;
	log_line(place.log, LOG_INFO, NULL, "a");
	log_line(place.log, LOG_DEBUG, NULL, "not on the screen");
	log_line(place.log, LOG_INFO, NULL, "b");
	assert_int_equal(calls, 4);
	close_place(&place);
}

/* --- files --- */
static void touch(const struct place *place, const char *name)
{
	struct scratch path = scratch_at(&place->folder, name);
	struct err err;
	assert_true(file_replace(path.path, SPAN("old\n"), &err));
}

static void touch_of_day(const struct place *place, const char *pipeline, int64_t days_ago,
			 char ret_name[128])
{
	struct stamp_parts day = stamp_parts(clock_now_us() - days_ago * STAMP_DAY);
	snprintf(ret_name, 128, "logs/%s_pipeline_%04d%02d%02d.log", pipeline, day.year, day.month,
		 day.day);
	touch(place, ret_name);
}

static bool is_there(const struct place *place, const char *name)
{
	struct scratch path = scratch_at(&place->folder, name);
	return file_exists(path.path);
}

static void only_old_files_of_this_pipeline_are_removed(void **state)
{
	struct place place = open_place(__LINE__, (struct log_options){.keep_days = 0});
	char old[128], kept[128], other[128];
	struct err err;
	(void)state;
	touch_of_day(&place, "weather", 31, old);
	touch_of_day(&place, "weather", 29, kept);
	touch_of_day(&place, "old_weather", 400, other);
	touch(&place, "logs/weather_pipeline_20200101.log.gz");
	touch(&place, "logs/weather_pipeline_2020010x.log");
	touch(&place, "logs/weather_pipeline_20200101.txt");
	log_close(place.log);
	struct scratch logs = scratch_at(&place.folder, "logs");
	struct log_options options = {.dir = logs.path, .pipeline = "weather", .keep_days = 0};
	assert_true(log_open(&place.log, &options, &err));
	assert_true(is_there(&place, old)); /* 0: none is removed */
	log_close(place.log);
	options.keep_days = 30;
	assert_true(log_open(&place.log, &options, &err));
	assert_false(is_there(&place, old));
	assert_true(is_there(&place, kept));
	assert_true(is_there(&place, other));
	assert_true(is_there(&place, "logs/weather_pipeline_20200101.log.gz"));
	assert_true(is_there(&place, "logs/weather_pipeline_2020010x.log"));
	assert_true(is_there(&place, "logs/weather_pipeline_20200101.txt"));
	close_place(&place);
}

/* The date is the zone's. A zone whose clock has jumped by a day, when the second line comes,
 * stands for the midnight that a service lives through. */
static void at_midnight_the_next_file_begins_and_the_oldest_goes(void **state)
{
	int64_t change_s[] = {STAMP_MAX / STAMP_SECOND};
	int32_t offset_s[] = {86400};
	struct zone zone = {.n = 1, .at_s = change_s, .offset_s = offset_s};
	struct log_options options = {.zone = &zone, .keep_days = 30};
	struct place place = open_place(__LINE__, options);
	char old[128], tomorrow[128];
	(void)state;
	touch_of_day(&place, "weather", 30, old);
	log_line(place.log, LOG_INFO, NULL, "before");
	assert_true(is_there(&place, old));
	change_s[0] = clock_now_us() / STAMP_SECOND - 1;
	log_line(place.log, LOG_INFO, NULL, "after");
	struct stamp_parts day = stamp_parts(clock_now_us() + STAMP_DAY);
	snprintf(tomorrow, sizeof tomorrow, "logs/weather_pipeline_%04d%02d%02d.log", day.year,
		 day.month, day.day);
	struct buf text = read_file(&place, tomorrow);
	assert_null(strstr(buf_text(&text), "before"));
	assert_holds(&text, "after");
	assert_false(is_there(&place, old));
	close_place(&place);
}

static void a_pipeline_s_name_cannot_lead_to_another_folder(void **state)
{
	struct log_options options = {.pipeline = "../x y"};
	struct place place = open_place(__LINE__, options);
	struct scratch logs = scratch_at(&place.folder, "logs");
	(void)state;
	log_line(place.log, LOG_INFO, NULL, "a");
	DIR *entries = opendir(logs.path);
	int found = 0;
	for (const struct dirent *entry; (entry = readdir(entries)) != NULL;)
		found += strncmp(entry->d_name, "..%2Fx%20y_pipeline_", 20) == 0;
	closedir(entries);
	assert_int_equal(found, 1);
	close_place(&place);
}

/* Logging never stops a load. */
static void a_log_that_cannot_be_written_says_so_once_and_goes_on(void **state)
{
	struct log_options options = {.dir = "/dev/null/logs", .screen_level = LOG_INFO};
	struct place place = open_place(__LINE__, options);
	(void)state;
	log_line(place.log, LOG_INFO, NULL, "one");
	log_line(place.log, LOG_INFO, NULL, "two");
	struct buf text = read_file(&place, "screen");
	static const char SAID[] = "warning: the log cannot be written: ";
	assert_true(strncmp(buf_text(&text), SAID, sizeof SAID - 1) == 0);
	assert_null(strstr(buf_text(&text) + 1, SAID));
	assert_holds(&text, "\none\ntwo\n");
	close_place(&place);
}

/* As on a full disk: the day's file takes so much and no more. */
static void let_it_grow(rlim_t bytes)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;
	while ((text = strstr(text, part)) != NULL) {
		text++;
		n++;
	}
	return n;
}

static void a_log_that_fails_again_says_so_again_once_it_could_be_written(void **state)
{
	struct place place = open_place(__LINE__, (struct log_options){.screen_level = LOG_ERROR});
	char line[4 * KIB];
	(void)state;
	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	signal(SIGXFSZ, SIG_IGN);
	for (int incident = 0; incident < 3; incident++) {
		let_it_grow(2 * KIB);
		for (int i = 0; i < 4; i++)
			log_line(place.log, LOG_INFO, NULL, "%s", line); /* does not fit */
		let_it_grow(RLIM_INFINITY);
		log_line(place.log, LOG_INFO, NULL, "there is room");
	}
	struct buf text = read_file(&place, "screen");
	assert_int_equal(count(buf_text(&text), "the log cannot be written: "), 3);
	buf_done(&text);
	close_place(&place);
}

static void without_a_folder_only_the_screen_is_written(void **state)
{
	struct place place = open_place(__LINE__, (struct log_options){.dir = ""});
	(void)state;
	log_line(place.log, LOG_INFO, NULL, "one");
	struct buf text = read_file(&place, "screen");
	assert_string_equal(buf_text(&text), "one\n");
	buf_done(&text);
	assert_false(is_there(&place, "logs"));
	close_place(&place);
	log_close(NULL);
}

/* --- threads --- */
struct writer {
	struct log *log;
	char letter;
};

static void write_lines(void *user)
{
	struct writer *writer = user;
	char text[200];
	memset(text, writer->letter, sizeof text);
	text[sizeof text - 1] = '\0';
	for (int i = 0; i < 500; i++)
		log_line(writer->log, LOG_INFO, NULL, "%s", text);
}

static void lines_of_two_threads_never_mix(void **state)
{
	struct place place = open_place(__LINE__, (struct log_options){.screen_level = LOG_INFO});
	struct writer writers[2] = {{place.log, 'a'}, {place.log, 'b'}};
	struct thread *threads[2];
	struct err err;
	int lines = 0;
	(void)state;
	for (int i = 0; i < 2; i++)
		assert_true(thread_start(&threads[i], write_lines, &writers[i], &err));
	for (int i = 0; i < 2; i++)
		thread_join(threads[i]);
	struct buf text = read_file(&place, "screen");
	for (const char *line = buf_text(&text); *line != '\0'; line += 200, lines++) {
		assert_int_equal(strspn(line, line[0] == 'a' ? "a" : "b"), 199);
		assert_int_equal(line[199], '\n');
	}
	assert_int_equal(lines, 1000);
	buf_done(&text);
	close_place(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_the_file_has_time_level_run_stream_and_text),
		cmocka_unit_test(the_screen_gets_lines_from_its_level_on),
		cmocka_unit_test(a_line_as_json_is_one_object),
		cmocka_unit_test(control_characters_are_shown_not_obeyed),
		cmocka_unit_test(secrets_are_scrubbed_before_anything_else),
		cmocka_unit_test(a_line_that_is_too_long_is_cut_at_a_whole_character),
		cmocka_unit_test(a_progress_bar_is_taken_away_and_put_back_around_each_line),
		cmocka_unit_test(only_old_files_of_this_pipeline_are_removed),
		cmocka_unit_test(at_midnight_the_next_file_begins_and_the_oldest_goes),
		cmocka_unit_test(a_pipeline_s_name_cannot_lead_to_another_folder),
		cmocka_unit_test(a_log_that_cannot_be_written_says_so_once_and_goes_on),
		cmocka_unit_test(a_log_that_fails_again_says_so_again_once_it_could_be_written),
		cmocka_unit_test(without_a_folder_only_the_screen_is_written),
		cmocka_unit_test(lines_of_two_threads_never_mix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
