/* Who we are to AWS: keys from the configuration or from AWS's usual chain, renewed before they
 * end. The order is that of AWS's newer libraries:
 *
 *  1. the configuration's access_key_id, secret_access_key, session_token;
 *  2. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN;
 *  3. web identity: AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, by STS
 *     AssumeRoleWithWebIdentity;
 *  4. the profile (AWS_PROFILE, else "default") of ~/.aws/credentials and ~/.aws/config: keys,
 *     web identity, or credential_process;
 *  5. a container's: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI;
 *  6. the machine's role (EC2, IMDSv2), unless AWS_EC2_METADATA_DISABLED is true.
 *
 * A profile that says source_profile, credential_source or sso_... is refused with a message that
 * points at credential_process: `aws configure export-credentials --format process` brings those.
 * The first of the chain that is there decides; it is not gone past where it fails.
 *
 * The environment is handed in: nothing here reads it. No key, secret or token is in a message. */
#ifndef FIRN_DELIVER_CREDENTIALS_H
#define FIRN_DELIVER_CREDENTIALS_H

#include "fetch/http.h"

struct secrets;
struct credentials;

/* The environment's variables of these names in lower case; NULL: not set. */
struct credentials_environment {
	const char *aws_access_key_id, *aws_secret_access_key, *aws_session_token;
	const char *aws_region, *aws_default_region;
	const char *aws_endpoint_url, *aws_endpoint_url_s3, *aws_endpoint_url_sts;
	const char *aws_profile, *aws_config_file, *aws_shared_credentials_file;
	const char *home; /* HOME, on Windows USERPROFILE: where .aws is */
	const char *aws_role_arn, *aws_web_identity_token_file, *aws_role_session_name;
	const char *aws_container_credentials_relative_uri;
	const char *aws_container_credentials_full_uri;
	const char *aws_container_authorization_token, *aws_container_authorization_token_file;
	const char *aws_ec2_metadata_disabled, *aws_ec2_metadata_service_endpoint;
};

struct credentials_options {
	struct credentials_environment environment;
	/* Of the configuration; at NULL: not given. */
	struct span access_key_id, secret_access_key, session_token;
	const char *region; /* of the configuration, or NULL */
	const struct http_options *http; /* for STS; metadata is asked without a proxy */
	struct secrets *secrets; /* what must not be printed is noted there; NULL: nowhere */
};

/* Everything is copied but for `secrets`, which must outlive it. Reads the profile's files, asks
 * nobody. ERR_USAGE: half a pair of keys, a file that cannot be read, a profile that is not there
 * or that holds what is not supported. */
MUST_CHECK bool credentials_new(struct credentials **ret, const struct credentials_options *,
				struct err *reterr);
void credentials_free(struct credentials *); /* overwrites the secrets; NULL is fine */

/* Keys that are good for CREDENTIALS_MARGIN_S more (where the time of renewal is known); they stay
 * valid until the next call. May ask a server or run a program, at most CREDENTIALS_WAIT_MS
 * (bounds.h). A renewal that fails is no failure while the old keys are good.
 * ERR_USAGE: none are found anywhere (the message lists where was looked); ERR_AUTH: refused;
 * ERR_TRANSIENT: the server did not answer. */
struct credentials_keys {
	struct span access_key_id, secret_access_key, session_token; /* token: size 0: none */
	int64_t expires_us; /* INT64_MAX: never, or unknown */
	uint64_t version;   /* another number: other keys than the last time */
};
MUST_CHECK bool credentials_get(struct credentials *, int64_t now_us,
				struct credentials_keys *ret, struct err *reterr);
/* The server says that they have ended: the next call brings new ones, where they can be. False:
 * they cannot be, these are fixed ones. */
bool credentials_expire(struct credentials *);

/* configuration, AWS_REGION, AWS_DEFAULT_REGION, profile; NULL: none says. */
const char *credentials_region(const struct credentials *);
/* AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, profile's endpoint_url; NULL: AWS itself. */
const char *credentials_endpoint(const struct credentials *);
/* Where the keys come from, for people: "the configuration", "the AWS profile 'x'". */
const char *credentials_origin(const struct credentials *);

#endif
