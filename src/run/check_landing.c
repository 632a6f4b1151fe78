/* Where collectors keep and land: the spool, a folder, a bucket. */
#include "base/bounds.h"
#include "base/clock.h"
#include "deliver/credentials.h"
#include "deliver/s3.h"
#include "run/checking.h"
#include "run/delivery.h"

#include <string.h>

/* --- the spool --- */

static bool spools(const struct checking *c)
{
	return (c->setup != NULL && spooled_any(c->setup)) || c->config->to == CONFIG_TO_S3 ||
	       c->config->to == CONFIG_TO_FOLDER;
}

static bool check_fill(struct checking *c, struct err *reterr)
{
	struct spool_limits limits = spooled_limits(c->config);
	struct spool_summary found;
	struct err why = {0};
	if (!file_exists(c->config->spool_dir))
		return true;
	if (!spool_look(c->config->spool_dir, &limits, clock_now_us(), &found, &why)) {
		check_tell(c, CHECK_FAIL, "spool", "give this user the right to read it", "%s",
			   why.text);
		return why.kind != ERR_MEMORY || err_memory(reterr);
	}
	if (found.quarantined > 0)
		check_tell(c, CHECK_WARN, "spool", "read the .why beside each; move a file back to "
			   "ready/ to have it sent, or delete it",
			   "%lld files are set aside in %s/quarantine",
			   (long long)found.quarantined, c->config->spool_dir);
	if (found.near_limit || found.too_old)
		check_tell(c, CHECK_WARN, "spool", "firn flush delivers them, or says what keeps "
			   "them", "%lld files with %lld rows wait%s", (long long)found.files,
			   (long long)found.rows,
			   found.near_limit ? ", and it is nearly full" : "");
	return true;
}

/* *ret_ours false: the rest is of no interest, and has been told why. */
static bool check_owner(struct checking *c, bool *ret_ours, struct err *reterr)
{
	struct err why = {0};
	*ret_ours = spool_is_for(c->config->spool_dir, c->config->pipeline, &why);
	if (*ret_ours)
		return true;
	if (why.kind == ERR_MEMORY)
		return err_memory(reterr);
	check_tell_error(c, CHECK_FAIL, "spool", "give this user the right to read it", why.text);
	c->result->usage |= why.kind == ERR_USAGE;
	return true;
}

bool check_spool(struct checking *c, struct err *reterr)
{
	const char *dir = c->config->spool_dir;
	bool ours = false;
	if (!spools(c))
		return true;
	if (!check_owner(c, &ours, reterr))
		return false;
	return !ours || (check_folder(c, "spool", "spool: { dir: ... }", dir, reterr) &&
			 check_room(c, "disk, spool", dir, reterr) && check_fill(c, reterr));
}

/* --- the bucket --- */

/* The object says of itself what is not true of its bytes: whoever may not write is refused for
 * that, and whoever may is refused for the hash. Nothing is stored either way. */
static const char PROBE[] = "firn check; this is never stored";
static const char WRONG_SHA256[] =
	"0000000000000000000000000000000000000000000000000000000000000000";

static void tell_verdict(struct checking *c, const char *name, const struct s3_answer *answer)
{
	switch (answer->verdict) {
	case S3_DAMAGED:
		check_tell(c, CHECK_OK, "destination", NULL,
			   "%s takes objects: one with a wrong hash was refused for its hash "
			   "alone, so that nothing was stored", name);
		break;
	case S3_STORED:
	case S3_OTHER:
		check_tell(c, CHECK_WARN, "destination",
			   "use a server that checks x-amz-content-sha256",
			   "%s takes objects, but it took one whose hash is wrong, too "
			   "(.../firn-check)", name);
		break;
	case S3_LATER:
		check_tell(c, CHECK_FAIL, "destination", "see whether the endpoint can be reached "
			   "from here, and by which proxy; until then firn goes on collecting",
			   "%s", answer->why.text);
		break;
	case S3_UNFIT:
	case S3_DOUBTFUL:
	case S3_REFUSED:
		check_tell(c, CHECK_FAIL, "destination", "see bucket, region, keys and policy: "
			   "s3:PutObject on <prefix>/*/*/*/*/<customer>/* is needed", "%s",
			   answer->why.text);
		break;
	}
}

static bool write_key(const struct checking *c, struct buf *key, struct err *reterr)
{
	char customer[SEGMENT_FOLDER_BYTES];
	if (!segment_customer_folder(setup_customer(c->setup), customer, reterr))
		return false;
	buf_addf(key, "%s%scheck/1970/01/01/%s/firn-check", c->config->s3.prefix,
		 c->config->s3.prefix[0] == '\0' ? "" : "/", customer);
	return buf_ok(key, reterr);
}

static bool probe(struct checking *c, struct s3 *s3, struct err *reterr)
{
	int64_t end_ms = clock_mono_ms() + c->config->connect_timeout_us / 1000 +
			 c->config->low_speed_time_us / 1000;
	struct s3_answer answer;
	struct buf key;
	void *user;
	bool came = false;
	buf_init(&key, PATH_BYTES_MAX);
	bool done = write_key(c, &key, reterr);
	if (done) {
		struct s3_object object = {.key = buf_span(&key), .sha256 = WRONG_SHA256,
					   .size = sizeof PROBE - 1, .records = 0,
					   .body = {PROBE, sizeof PROBE - 1}};
		struct err why = {0};
		if (!s3_put(s3, &object, c, &why)) {
			answer = (struct s3_answer){.verdict = S3_REFUSED, .why = why};
			came = true;
		}
		while (!came && clock_mono_ms() < end_ms && *c->options->stop == 0)
			came = s3_wait(s3, 200, &user, &answer);
		if (!came) {
			answer.verdict = S3_LATER;
			err_set(&answer.why, ERR_TRANSIENT, "%s does not answer", s3_name(s3));
		}
		tell_verdict(c, s3_name(s3), &answer);
	}
	buf_done(&key);
	return done;
}

/* Keys that are to be had: where they come from alone is no proof. */
static bool check_keys(struct checking *c, struct credentials *credentials, struct err *retwhy)
{
	struct credentials_keys keys;
	if (credentials_get(credentials, clock_now_us(), &keys, retwhy)) {
		check_tell(c, CHECK_OK, "keys", NULL, "from %s", credentials_origin(credentials));
		return true;
	}
	if (retwhy->kind == ERR_MEMORY)
		return false;
	check_tell(c, CHECK_FAIL, "keys",
		   "give keys with destination.s3: { access_key_id: ..., secret_access_key: ... }, "
		   "or mend the AWS profile, role or program that they come from",
		   "%s", retwhy->text);
	c->result->usage |= retwhy->kind == ERR_USAGE;
	return false;
}

static bool check_bucket(struct checking *c, struct err *reterr)
{
	struct credentials *credentials = NULL;
	struct s3 *s3 = NULL;
	struct err why = {0};
	bool done = true;
	if (delivery_s3_open(c->config, c->options->aws, &credentials, &s3, &why)) {
		if (!check_keys(c, credentials, &why))
			done = why.kind != ERR_MEMORY || err_memory(reterr);
		else if (c->setup == NULL)
			check_tell(c, CHECK_WARN, "destination", "see what failed above",
				   "%s was not asked: whose rows they are is not known",
				   s3_name(s3));
		else
			done = probe(c, s3, reterr);
	} else if (why.kind == ERR_MEMORY) {
		done = err_memory(reterr);
	} else {
		check_tell(c, CHECK_FAIL, "destination", "see destination.s3 in the configuration",
			   "%s", why.text);
		c->result->usage |= why.kind == ERR_USAGE;
	}
	s3_free(s3);
	credentials_free(credentials);
	return done;
}

bool check_landing(struct checking *c, struct err *reterr)
{
	const char *folder = c->config->landing;
	if (c->config->to == CONFIG_TO_S3)
		return check_bucket(c, reterr);
	return check_folder(c, "destination", "destination: { folder: ... }", folder, reterr) &&
	       check_room(c, "disk, destination", folder, reterr);
}
