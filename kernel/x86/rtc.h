#ifndef TALLY_X86_RTC_H
#define TALLY_X86_RTC_H

#include <stdbool.h>
#include <stdint.h>

/*
 * rtc - the battery-backed clock of a PC, read once at boot.
 */

/* The clock's registers as they are read: binary or BCD, 12 or 24 hours. */
struct rtc_registers {
    uint8_t second;
    uint8_t minute;
    uint8_t hour;
    uint8_t day;
    uint8_t month;
    uint8_t year;
    uint8_t mode; /* register B: bit 2 binary, bit 1 24 hours */
};

/*
 * rtc_decode - seconds since 1970 of what the registers say, taken as UTC.
 *
 * Pure. 0 when they name no time: a year means 2000 to 2099.
 */
uint64_t rtc_decode(const struct rtc_registers *registers);

/*
 * rtc_read - seconds since 1970 now; 0 when there is no clock.
 *
 * Waits at most some milliseconds for an update of the clock to end.
 */
uint64_t rtc_read(void);

#endif
