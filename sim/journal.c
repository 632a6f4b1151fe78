#include "journal.h"

#include "base/bounds.h"
#include "base/json.h"

#include <pthread.h>
#include <stdlib.h>

struct journal {
	pthread_mutex_t lock;
	char *entries[JOURNAL_MAX]; /* JSON, in a ring */
	uint64_t n;                 /* of all that were added since it was cleared */
	uint64_t rows, bytes, records[ENTITIES], statuses[6];
	int now, most;              /* requests at once */
};

bool journal_new(struct journal **ret, struct err *reterr)
{
	struct journal *journal = calloc(1, sizeof *journal);
	if (journal == NULL)
		return err_memory(reterr);
	pthread_mutex_init(&journal->lock, NULL);
	*ret = journal;
	return true;
}

static void forget(struct journal *journal)
{
	for (size_t i = 0; i < JOURNAL_MAX; i++) {
		free(journal->entries[i]);
		journal->entries[i] = NULL;
	}
	journal->n = journal->rows = journal->bytes = 0;
	memset(journal->records, 0, sizeof journal->records);
	memset(journal->statuses, 0, sizeof journal->statuses);
	journal->most = journal->now;
}

void journal_free(struct journal *journal)
{
	if (journal == NULL)
		return;
	forget(journal);
	pthread_mutex_destroy(&journal->lock);
	free(journal);
}

static bool add_text(struct buf *out, const char *name, struct span text)
{
	json_add_name(out, name);
	return json_add_text(out, text);
}

static char *written(const struct journal_entry *entry)
{
	struct buf out;
	buf_init(&out, 1 * MIB);
	buf_add_char(&out, '{');
	json_add_int(&out, "at_ms", entry->at_ms);
	json_add_int(&out, "now_us", entry->at_us);
	json_add_string(&out, "method", entry->method);
	add_text(&out, "path", entry->path);
	add_text(&out, "query", entry->query);
	json_add_string(&out, "auth", entry->auth);
	json_add_int(&out, "status", entry->status);
	json_add_string(&out, "entity",
			entry->entity < 0 ? NULL : entity_name((enum entity)entry->entity));
	json_add_int(&out, "page", (int64_t)entry->page);
	json_add_int(&out, "rows", (int64_t)entry->rows);
	json_add_int(&out, "bytes", (int64_t)entry->bytes);
	add_text(&out, "faults", entry->faults);
	json_add_name(&out, "headers");
	buf_add_span(&out, entry->headers);
	buf_add_char(&out, '}');
	return buf_take(&out);
}

void journal_add(struct journal *journal, const struct journal_entry *entry)
{
	char *text = written(entry);
	pthread_mutex_lock(&journal->lock);
	char **place = &journal->entries[journal->n++ % JOURNAL_MAX];
	free(*place);
	*place = text;
	journal->rows += entry->rows;
	journal->bytes += entry->bytes;
	journal->statuses[entry->status / 100 % 6]++;
	if (entry->entity >= 0)
		journal->records[entry->entity] += entry->rows;
	pthread_mutex_unlock(&journal->lock);
}

void journal_begin(struct journal *journal)
{
	pthread_mutex_lock(&journal->lock);
	if (++journal->now > journal->most)
		journal->most = journal->now;
	pthread_mutex_unlock(&journal->lock);
}

void journal_end(struct journal *journal)
{
	pthread_mutex_lock(&journal->lock);
	journal->now--;
	pthread_mutex_unlock(&journal->lock);
}

void journal_clear(struct journal *journal)
{
	pthread_mutex_lock(&journal->lock);
	forget(journal);
	pthread_mutex_unlock(&journal->lock);
}

bool journal_list(struct journal *journal, struct buf *out)
{
	buf_add_char(out, '[');
	pthread_mutex_lock(&journal->lock);
	uint64_t from = journal->n > JOURNAL_MAX ? journal->n - JOURNAL_MAX : 0;
	for (uint64_t i = from; i < journal->n; i++) {
		const char *entry = journal->entries[i % JOURNAL_MAX];
		if (entry == NULL)
			continue;
		buf_add_text(out, out->data[out->size - 1] == '[' ? "\n" : ",\n");
		buf_add_text(out, entry);
	}
	pthread_mutex_unlock(&journal->lock);
	return buf_add_text(out, "]\n");
}

bool journal_sums(struct journal *journal, struct buf *out)
{
	static const char *const CLASSES[6] = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
	pthread_mutex_lock(&journal->lock);
	json_add_int(out, "requests", (int64_t)journal->n);
	json_add_int(out, "rows", (int64_t)journal->rows);
	json_add_int(out, "bytes", (int64_t)journal->bytes);
	json_add_int(out, "at_once", journal->now);
	json_add_int(out, "at_once_most", journal->most);
	for (int i = 0; i < 6; i++)
		json_add_int(out, CLASSES[i], (int64_t)journal->statuses[i]);
	for (enum entity e = 0; e < ENTITIES; e++)
		json_add_int(out, entity_name(e), (int64_t)journal->records[e]);
	pthread_mutex_unlock(&journal->lock);
	return !out->failed;
}
