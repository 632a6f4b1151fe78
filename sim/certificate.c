#include "certificate.h"

#include "base/file.h"
#include "base/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PEM_BYTES_MAX = 1 << 20, TIMEOUT_MS = 30000 };

static bool make(const char *cert_path, const char *key_path, struct err *reterr)
{
	const char *const argv[] = {
		"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
		"ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", "/CN=localhost",
		"-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1", "-keyout", key_path,
		"-out", cert_path, NULL,
	};
	struct buf said;
	buf_init(&said, PEM_BYTES_MAX);
	bool done = process_output(argv, TIMEOUT_MS, &said, reterr);
	buf_done(&said);
	return done;
}

bool certificate_get(struct certificate *ret, const char *cert_path, const char *key_path,
		     struct err *reterr)
{
	char made[128];
	*ret = (struct certificate){0};
	buf_init(&ret->cert, PEM_BYTES_MAX);
	buf_init(&ret->key, PEM_BYTES_MAX);
	bool done = true;
	if (cert_path == NULL) {
		char folder[] = "/tmp/firn-sim-XXXXXX";
		if (mkdtemp(folder) == NULL)
			return err_sys(reterr, "cannot make a folder in /tmp");
		snprintf(ret->folder, sizeof ret->folder, "%s", folder);
		snprintf(ret->cert_path, sizeof ret->cert_path, "%s/cert.pem", folder);
		snprintf(made, sizeof made, "%s/key.pem", folder);
		key_path = made;
		done = make(ret->cert_path, key_path, reterr);
	} else {
		snprintf(ret->cert_path, sizeof ret->cert_path, "%s", cert_path);
	}
	done = done && file_read(cert_path == NULL ? ret->cert_path : cert_path, &ret->cert,
				 reterr) &&
	       file_read(key_path, &ret->key, reterr);
	if (!done)
		certificate_done(ret);
	return done;
}

void certificate_done(struct certificate *certificate)
{
	char key[128];
	buf_done(&certificate->cert);
	buf_done(&certificate->key);
	if (certificate->folder[0] == '\0')
		return;
	snprintf(key, sizeof key, "%s/key.pem", certificate->folder);
	(void)unlink(certificate->cert_path);
	(void)unlink(key);
	(void)rmdir(certificate->folder);
	certificate->folder[0] = '\0';
}
