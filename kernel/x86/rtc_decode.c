#include "x86/rtc.h"

#define MODE_24_HOURS 0x02
#define MODE_BINARY 0x04
#define HOUR_PM 0x80

static uint8_t from_bcd(uint8_t value)
{
    return (uint8_t)((value >> 4) * 10 + (value & 0xf));
}

/* The hour in 24-hour form: 12-hour clocks mark the afternoon by a bit. */
static uint8_t decode_hour(const struct rtc_registers *r)
{
    bool pm = (r->hour & HOUR_PM) != 0;
    uint8_t hour = (uint8_t)(r->hour & ~HOUR_PM);

    if (!(r->mode & MODE_BINARY))
        hour = from_bcd(hour);
    if (r->mode & MODE_24_HOURS)
        return hour;
    return (uint8_t)(hour % 12 + (pm ? 12 : 0));
}

static bool is_leap(uint32_t year)
{
    return year % 4 == 0; /* right from 2000 to 2099 */
}

uint64_t rtc_decode(const struct rtc_registers *r)
{
    static const uint16_t days_before[] = {0,   31,  59,  90,  120, 151,
                                           181, 212, 243, 273, 304, 334};
    bool binary = (r->mode & MODE_BINARY) != 0;
    uint32_t second = binary ? r->second : from_bcd(r->second);
    uint32_t minute = binary ? r->minute : from_bcd(r->minute);
    uint32_t hour = decode_hour(r);
    uint32_t day = binary ? r->day : from_bcd(r->day);
    uint32_t month = binary ? r->month : from_bcd(r->month);
    uint32_t year = 2000 + (binary ? r->year : from_bcd(r->year));
    uint64_t days;

    if (second > 59 || minute > 59 || hour > 23 || day < 1 || day > 31 ||
        month < 1 || month > 12 || year > 2099)
        return 0;
    /* 10957 days from 1970 to 2000, and a leap day for 2000, 2004, ... */
    days = 10957 + (year - 2000) * 365 + (year - 2000 + 3) / 4;
    days += days_before[month - 1] + day - 1;
    if (is_leap(year) && month > 2)
        days++;
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}
