/* The policies that the landing needs at AWS, as comments of the script: JSON to paste. Who writes
 * may put objects below its customer's folders and do nothing else. */
#include "warehouse/ddl.h"

#include "base/json.h"

#include <stdio.h>

static void line(struct buf *out, const char *text)
{
	buf_addf(out, "-- %s\n", text);
}

/* "arn:aws:s3:::BUCKET/PREFIX/REST" as a JSON string. */
static void arn(struct buf *out, const struct ddl_landing *l, const char *rest)
{
	struct buf text;
	buf_init(&text, out->max);
	buf_addf(&text, "arn:aws:s3:::%s", l->bucket);
	if (rest != NULL)
		buf_addf(&text, "/%s%s%s", l->prefix, l->prefix[0] == '\0' ? "" : "/", rest);
	json_add_text(out, buf_span(&text));
	out->failed |= text.failed;
	buf_done(&text);
}

static void add_kms(struct buf *out, const struct ddl_landing *l, const char *actions)
{
	if (l->kms_key == NULL)
		return;
	buf_addf(out, ",\n--   { \"Effect\": \"Allow\", \"Action\": [%s], \"Resource\": ", actions);
	json_add_text(out, span_of(l->kms_key));
	buf_add_text(out, " }");
}

static void add_customer(struct buf *out, const struct ddl_landing *l, const char *customer,
			 const char *folder)
{
	char rest[256];
	snprintf(rest, sizeof rest, "*/*/*/*/%s/*", folder);
	buf_add_text(out, "--\n-- (d) customer ");
	json_add_text(out, span_of(customer));
	buf_add_text(out, ": all that its collector may do\n-- { \"Version\": \"2012-10-17\", "
			  "\"Statement\": [\n--   { \"Effect\": \"Allow\", \"Action\": "
			  "\"s3:PutObject\", \"Resource\": ");
	arn(out, l, rest);
	buf_add_text(out, " }");
	add_kms(out, l, "\"kms:GenerateDataKey\", \"kms:Decrypt\"");
	buf_add_text(out, " ] }\n");
}

static void add_role(struct buf *out, const struct ddl_landing *l)
{
	struct buf prefix;
	buf_init(&prefix, out->max);
	buf_addf(&prefix, "%s%s*", l->prefix, l->prefix[0] == '\0' ? "" : "/");
	buf_addf(out, "-- (a) the role %s: what Snowflake may read\n", l->aws_role_arn);
	buf_add_text(out, "-- { \"Version\": \"2012-10-17\", \"Statement\": [\n"
			  "--   { \"Effect\": \"Allow\", \"Action\": [\"s3:GetObject\", "
			  "\"s3:GetObjectVersion\"], \"Resource\": ");
	arn(out, l, "*");
	buf_add_text(out, " },\n--   { \"Effect\": \"Allow\", \"Action\": [\"s3:ListBucket\", "
			  "\"s3:GetBucketLocation\"], \"Resource\": ");
	arn(out, l, NULL);
	buf_add_text(out, ",\n--     \"Condition\": { \"StringLike\": { \"s3:prefix\": [");
	json_add_text(out, buf_span(&prefix));
	buf_add_text(out, "] } } }");
	add_kms(out, l, "\"kms:Decrypt\"");
	buf_add_text(out, " ] }\n");
	out->failed |= prefix.failed;
	buf_done(&prefix);
	line(out, "");
	line(out, "(b) the same role's trust policy, with the two values of DESC INTEGRATION");
	line(out, "{ \"Version\": \"2012-10-17\", \"Statement\": [");
	line(out, "  { \"Effect\": \"Allow\", \"Action\": \"sts:AssumeRole\",");
	line(out, "    \"Principal\": { \"AWS\": \"<STORAGE_AWS_IAM_USER_ARN>\" },");
	line(out, "    \"Condition\": { \"StringEquals\": { \"sts:ExternalId\": "
		  "\"<STORAGE_AWS_EXTERNAL_ID>\" } } } ] }");
}

static void add_notification(struct buf *out, const struct ddl_landing *l)
{
	line(out, "");
	line(out, "(c) after part 4: the bucket's event notification, one for all tables. <QUEUE> "
		  "is notification_channel.");
	line(out, "{ \"QueueConfigurations\": [ { \"Id\": \"firn-landing\", \"QueueArn\": "
		  "\"<QUEUE>\",");
	line(out, "    \"Events\": [\"s3:ObjectCreated:*\"],");
	buf_add_text(out, "--     \"Filter\": { \"Key\": { \"FilterRules\": [ { \"Name\": "
			  "\"prefix\", \"Value\": ");
	struct buf prefix;
	buf_init(&prefix, out->max);
	buf_addf(&prefix, "%s%s", l->prefix, l->prefix[0] == '\0' ? "" : "/");
	json_add_text(out, buf_span(&prefix));
	out->failed |= prefix.failed;
	buf_done(&prefix);
	buf_add_text(out, " } ] } } } ] }\n");
	buf_addf(out, "--   aws s3api put-bucket-notification-configuration --bucket %s%s%s "
		 "--notification-configuration file://notification.json\n", l->bucket,
		 l->region == NULL ? "" : " --region ", l->region == NULL ? "" : l->region);
	line(out, "It replaces what the bucket had: add to it what is there already.");
}

bool ddl_aws(struct buf *out, const struct ddl_landing *l, struct err *reterr)
{
	buf_add_text(out, "\n-- 2. At AWS. Each of these is a JSON document.\n");
	add_role(out, l);
	add_notification(out, l);
	for (size_t i = 0; i < l->customers_n; i++)
		add_customer(out, l, l->customers[i], l->customer_folders[i]);
	return buf_ok(out, reterr);
}
