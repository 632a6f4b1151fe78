#include "moment.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct moment {
	pthread_mutex_t lock;
	pthread_cond_t stop;
	int64_t set_us, at_ms; /* it was set_us when the steady clock showed at_ms */
	bool running, stopped;
};

bool moment_new(struct moment **ret, int64_t now_us, bool running, struct err *reterr)
{
	struct moment *moment = calloc(1, sizeof *moment);
	pthread_condattr_t steady;
	if (moment == NULL)
		return err_memory(reterr);
	pthread_mutex_init(&moment->lock, NULL);
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&moment->stop, &steady);
	pthread_condattr_destroy(&steady);
	moment->set_us = now_us;
	moment->at_ms = clock_mono_ms();
	moment->running = running;
	*ret = moment;
	return true;
}

void moment_free(struct moment *moment)
{
	if (moment == NULL)
		return;
	pthread_cond_destroy(&moment->stop);
	pthread_mutex_destroy(&moment->lock);
	free(moment);
}

static int64_t now_us(const struct moment *moment)
{
	int64_t gone_ms = moment->running ? clock_mono_ms() - moment->at_ms : 0;
	return moment->set_us + gone_ms * 1000;
}

int64_t moment_now_us(struct moment *moment)
{
	pthread_mutex_lock(&moment->lock);
	int64_t now = now_us(moment);
	pthread_mutex_unlock(&moment->lock);
	return now;
}

void moment_set(struct moment *moment, int64_t us)
{
	pthread_mutex_lock(&moment->lock);
	moment->set_us = us;
	moment->at_ms = clock_mono_ms();
	pthread_mutex_unlock(&moment->lock);
}

void moment_run(struct moment *moment, bool running)
{
	pthread_mutex_lock(&moment->lock);
	moment->set_us = now_us(moment);
	moment->at_ms = clock_mono_ms();
	moment->running = running;
	pthread_mutex_unlock(&moment->lock);
}

bool moment_runs(struct moment *moment)
{
	pthread_mutex_lock(&moment->lock);
	bool running = moment->running;
	pthread_mutex_unlock(&moment->lock);
	return running;
}

bool moment_sleep_ms(struct moment *moment, int64_t wait_ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += (wait_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&moment->lock);
	int code = 0;
	while (!moment->stopped && code == 0)
		code = pthread_cond_timedwait(&moment->stop, &moment->lock, &until);
	bool stopped = moment->stopped;
	pthread_mutex_unlock(&moment->lock);
	return !stopped;
}

void moment_stop(struct moment *moment)
{
	pthread_mutex_lock(&moment->lock);
	moment->stopped = true;
	pthread_cond_broadcast(&moment->stop);
	pthread_mutex_unlock(&moment->lock);
}
