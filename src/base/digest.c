/* The 64-bit hash multiplies 64 by 64 bits and folds the halves of the product: one such step
 * stirs 16 bytes, and no table has to be in the cache. The constants are the fractions of the
 * square roots of 2, 3, 5 and 7. Bytes are read in little-endian order everywhere, so that the
 * hash may be compared between machines. */
#include "base/digest.h"

#include "base/little_endian.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>

#define ROOT_2 UINT64_C(0x6A09E667F3BCC909)
#define ROOT_3 UINT64_C(0xBB67AE8584CAA73B)
#define ROOT_5 UINT64_C(0x3C6EF372FE94F82B)
#define ROOT_7 UINT64_C(0xA54FF53A5F1D36F1)

bool digest_sha256(struct span data, unsigned char out[SHA256_BYTES])
{
	const char *at = data.size == 0 ? "" : data.at;
	return EVP_Digest(at, data.size, out, NULL, EVP_sha256(), NULL) == 1;
}

bool digest_hmac_sha256(struct span key, struct span data, unsigned char out[SHA256_BYTES])
{
	const unsigned char *at = (const unsigned char *)(data.size == 0 ? "" : data.at);
	const char *secret = key.size == 0 ? "" : key.at; /* NULL could mean the key before */
	if (key.size > INT_MAX)
		return false;
	return HMAC(EVP_sha256(), secret, (int)key.size, at, data.size, out, NULL) != NULL;
}

static void write_hex(const unsigned char bytes[SHA256_BYTES], char out[SHA256_HEX + 1])
{
	static const char HEX[] = "0123456789abcdef";
	for (int i = 0; i < SHA256_BYTES; i++) {
		out[2 * i] = HEX[bytes[i] >> 4];
		out[2 * i + 1] = HEX[bytes[i] & 15];
	}
	out[SHA256_HEX] = '\0';
}

bool digest_sha256_hex(struct span data, char out[SHA256_HEX + 1])
{
	unsigned char bytes[SHA256_BYTES];
	if (!digest_sha256(data, bytes))
		return false;
	write_hex(bytes, out);
	return true;
}

/* --- piece by piece --- */
struct digest {
	EVP_MD_CTX *sum, *spare; /* the spare one ends, so that `sum` can go on */
};

/* The library fails only for want of memory. */
static bool made(int code, struct err *reterr)
{
	return code == 1 || err_memory(reterr);
}

bool digest_new(struct digest **ret, struct err *reterr)
{
	struct digest *digest = calloc(1, sizeof *digest);
	if (digest == NULL)
		return err_memory(reterr);
	digest->sum = EVP_MD_CTX_new();
	digest->spare = EVP_MD_CTX_new();
	if (digest->sum == NULL || digest->spare == NULL || !digest_begin(digest, reterr)) {
		digest_free(digest);
		return err_memory(reterr);
	}
	*ret = digest;
	return true;
}

void digest_free(struct digest *digest)
{
	if (digest == NULL)
		return;
	EVP_MD_CTX_free(digest->sum);
	EVP_MD_CTX_free(digest->spare);
	free(digest);
}

bool digest_begin(struct digest *digest, struct err *reterr)
{
	return made(EVP_DigestInit_ex(digest->sum, EVP_sha256(), NULL), reterr);
}

bool digest_add(struct digest *digest, struct span data, struct err *reterr)
{
	return made(EVP_DigestUpdate(digest->sum, data.size == 0 ? "" : data.at, data.size),
		    reterr);
}

bool digest_copy(struct digest *to, const struct digest *from, struct err *reterr)
{
	return made(EVP_MD_CTX_copy_ex(to->sum, from->sum), reterr);
}

bool digest_hex(const struct digest *digest, char out[SHA256_HEX + 1], struct err *reterr)
{
	unsigned char bytes[SHA256_BYTES];
	if (EVP_MD_CTX_copy_ex(digest->spare, digest->sum) != 1 ||
	    EVP_DigestFinal_ex(digest->spare, bytes, NULL) != 1)
		return err_memory(reterr);
	write_hex(bytes, out);
	return true;
}

bool digest_random(unsigned char *out, size_t size, struct err *reterr)
{
	if (size > INT_MAX || RAND_bytes(out, (int)size) != 1)
		return err_set(reterr, ERR_DISK, "the system gives no random bytes");
	return true;
}

static inline uint64_t stir(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t digest_hash64(struct span data, uint64_t seed)
{
	const char *at = data.at;
	size_t left = data.size;
	uint64_t hash = stir(seed ^ ROOT_2, ROOT_7);
	uint64_t first = 0, last = 0;
	if (left > 32) {
		uint64_t other = hash; /* two chains: the multiplier is never waited for */
		for (; left > 32; at += 32, left -= 32) {
			hash = stir(little_64(at) ^ ROOT_3, little_64(at + 8) ^ hash);
			other = stir(little_64(at + 16) ^ ROOT_5, little_64(at + 24) ^ other);
		}
		hash = stir(hash ^ ROOT_7, other ^ ROOT_2);
	}
	if (left > 16) {
		hash = stir(little_64(at) ^ ROOT_3, little_64(at + 8) ^ hash);
		first = little_64(at + left - 16);
		last = little_64(at + left - 8);
	} else if (left >= 8) {
		first = little_64(at);
		last = little_64(at + left - 8);
	} else if (left >= 4) {
		first = little_32(at);
		last = little_32(at + left - 4);
	} else if (left > 0) {
		first = (unsigned char)at[0];
		last = (uint64_t)(unsigned char)at[left / 2] << 8 | (unsigned char)at[left - 1];
	}
	hash = stir(first ^ ROOT_5, last ^ hash);
	return stir(hash ^ ROOT_3, (uint64_t)data.size ^ ROOT_7);
}

bool digest_base64(struct buf *out, struct span data)
{
	static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789+/";
	const unsigned char *in = (const unsigned char *)data.at;
	if (data.size > SIZE_MAX / 2) {
		out->failed = true;
		return false;
	}
	size_t size = (data.size + 2) / 3 * 4;
	char *at = buf_reserve(out, size);
	if (at == NULL)
		return false;
	for (size_t i = 0; i < data.size; i += 3) {
		size_t n = data.size - i < 3 ? data.size - i : 3;
		uint32_t group = (uint32_t)in[i] << 16;
		if (n > 1)
			group |= (uint32_t)in[i + 1] << 8;
		if (n > 2)
			group |= in[i + 2];
		*at++ = LETTERS[group >> 18];
		*at++ = LETTERS[group >> 12 & 63];
		*at++ = n > 1 ? LETTERS[group >> 6 & 63] : '=';
		*at++ = n > 2 ? LETTERS[group & 63] : '=';
	}
	*at = '\0';
	out->size += size;
	return true;
}
