#include "run/bucket.h"

#include "run/reach.h"

static struct span value_of(const struct secret *secret)
{
	return secret == NULL ? (struct span){NULL, 0} : secret->value;
}

bool bucket_way(struct bucket_way *way, const struct config *config,
		const struct credentials_environment *aws, int64_t connections_max,
		struct credentials **ret_credentials, struct err *reterr)
{
	static const char *const ENCRYPTION[] = {
		[ENCRYPT_BUCKET] = NULL, [ENCRYPT_AES256] = "AES256", [ENCRYPT_KMS] = "aws:kms"};
	const struct config_s3 *s3 = &config->s3;
	way->http = reach_options(config, connections_max);
	struct credentials_options who = {
		.access_key_id = value_of(s3->access_key_id),
		.secret_access_key = value_of(s3->secret_access_key),
		.session_token = value_of(s3->session_token),
		.region = s3->region,
		.http = &way->http,
		.secrets = config->secrets,
	};
	if (aws != NULL)
		who.environment = *aws;
	if (!credentials_new(ret_credentials, &who, reterr))
		return false;
	way->s3 = (struct s3_options){
		.bucket = s3->bucket,
		.region = s3->region,
		.endpoint = s3->endpoint,
		.addressing = s3->path_style ? S3_ADDRESSING_PATH : S3_ADDRESSING_USUAL,
		.conditional = s3->conditional,
		.encryption = ENCRYPTION[s3->encryption],
		.kms_key_id = s3->kms_key_id,
		.allow_http = config->allow_http,
		.http = &way->http,
		.credentials = *ret_credentials,
	};
	return true;
}
