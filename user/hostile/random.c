#include "hostile/random.h"

#define GOLDEN 0x9e3779b97f4a7c15u

static uint64_t state = GOLDEN;

void random_seed(uint64_t seed)
{
    unsigned int i;

    state = (seed + 1) * GOLDEN;
    for (i = 0; i < 16; i++)
        random_word();
}

/* xorshift64*: Marsaglia's shifts, and a product to hide their lines. */
uint64_t random_word(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1du;
}

uint64_t random_below(uint64_t limit)
{
    return (random_word() >> 16) % limit;
}

bool random_chance(unsigned int percent)
{
    return random_below(100) < percent;
}

uint64_t option_number(const char *text, const char *name, uint64_t other)
{
    uint64_t number = 0;
    unsigned int i;

    while (*text != '\0') {
        for (i = 0; name[i] != '\0' && text[i] == name[i]; i++)
            ;
        if (name[i] == '\0' && text[i] == '=') {
            for (text += i + 1; *text >= '0' && *text <= '9'; text++)
                number = number * 10 + (uint64_t)(*text - '0');
            return number;
        }
        while (*text != ' ' && *text != '\0')
            text++;
        while (*text == ' ')
            text++;
    }
    return other;
}
