#include "x86/rtc.h"

#include "x86/io.h"
#include "x86/tsc.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define REGISTER_A 0x0a
#define REGISTER_B 0x0b
#define UPDATING 0x80
#define ABSENT 0xff

/* An update takes 2 ms at most; a second look must agree with the first. */
#define WAIT_NS UINT64_C(5000000)
#define TRIES 3

static uint8_t cmos(uint8_t index)
{
    io_out8(CMOS_INDEX, index);
    return io_in8(CMOS_DATA);
}

static void wait_for_update(void)
{
    uint64_t end = tsc_now_ns() + WAIT_NS;

    while ((cmos(REGISTER_A) & UPDATING) != 0 && tsc_now_ns() < end)
        ;
}

static uint64_t look(void)
{
    struct rtc_registers r;

    wait_for_update();
    r.second = cmos(0);
    r.minute = cmos(2);
    r.hour = cmos(4);
    r.day = cmos(7);
    r.month = cmos(8);
    r.year = cmos(9);
    r.mode = cmos(REGISTER_B);
    return rtc_decode(&r);
}

uint64_t rtc_read(void)
{
    unsigned int i;
    uint64_t now, then;

    if (cmos(REGISTER_A) == ABSENT)
        return 0;
    then = look();
    for (i = 0; i < TRIES; i++) {
        now = look();
        if (now == then)
            return now;
        then = now;
    }
    return then;
}
