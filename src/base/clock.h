/* What time it is, and waiting. */
#ifndef FIRN_BASE_CLOCK_H
#define FIRN_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_now_us(void);  /* since 1970 UTC: for records and names */
int64_t clock_mono_ms(void); /* never set back: for waiting and measuring */
void clock_sleep_ms(int64_t wait_ms); /* a signal may end it early */

#endif
