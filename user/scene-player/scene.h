#ifndef TALLY_USER_SCENE_PLAYER_SCENE_H
#define TALLY_USER_SCENE_PLAYER_SCENE_H

/*
 * scene - a script of hypercalls, read aloud with the answers that came.
 *
 * The language is told in docs/scenes.md. One file for two players: a domain
 * asks the kernel by hypercall (main.c beside this), a program on the host
 * calls the rule core (tests/scenes/host.c). What is printed is the script
 * itself, line by line, with what was really answered behind each arrow; so a
 * scene went well when what was printed is the scene.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * scene_play - play a script.
 *
 * text, bytes  the script; lines end with a newline
 *
 * true when it was understood, whatever the answers were. A line that makes
 * no sense is printed with what is wrong with it, and ends the play.
 */
bool scene_play(const char *text, size_t bytes);

/*
 * What a player can do; frames are machine frame numbers, words are page-table
 * entries or descriptors. A `long` is 0 or a negative errno.
 */

/* player_print - one line or a part of it. */
void player_print(const char *text, size_t bytes);

/* player_rule - "T2", the rule that refused last; "" if there is none, or if
 * this player cannot know. */
const char *player_rule(void);

/* Frames that are there without being asked for. */
enum player_frame {
    PLAYER_BASE,   /* the L4 table that was loaded at first */
    PLAYER_SHARED, /* shared by the kernel for the domain's life */
    PLAYER_KERNEL, /* the kernel's own */
    PLAYER_OTHER,  /* another domain's, first of a superpage in use */
    PLAYER_BEYOND  /* no memory at all */
};
uint64_t player_frame(enum player_frame which);

/* player_page - a page of plain memory, full of zeros, mapped nowhere. */
uint64_t player_page(void);

/* player_superpage, player_gigabyte - the first frame of one of which all is
 * the player's, and mapped nowhere; 0 when there is none. */
uint64_t player_superpage(void);
uint64_t player_gigabyte(void);

/* player_base_word - an entry of the table that is PLAYER_BASE. */
uint64_t player_base_word(unsigned int slot);

/* player_update - mmu_update; keep: accessed and dirty bits stay. */
long player_update(uint64_t frame, unsigned int slot, uint64_t word, bool keep);

/* player_pin, player_unpin - level 1..4. */
long player_pin(uint64_t frame, unsigned int level);
long player_unpin(uint64_t frame);

/* player_load_base - new_baseptr, new_user_baseptr (0: none). */
long player_load_base(uint64_t frame, bool user);

/* player_load_segments - set_gdt or SET_LDT with whole frames. */
#define PLAYER_SEGMENTS 16u
long player_load_segments(const uint64_t *frames, unsigned int count, bool ldt);

/* player_descriptor - update_descriptor. */
long player_descriptor(uint64_t frame, unsigned int slot, uint64_t word);

/* player_free, player_alloc - memory_op for one frame or one superpage. All
 * that such a call answers is that it did not. */
long player_free(uint64_t frame, bool superpage);
long player_alloc(uint64_t *frame, bool superpage);

/* player_mark, player_unmark - of a superpage. */
long player_mark(uint64_t frame);
long player_unmark(uint64_t frame);

/* player_clear, player_copy - a whole frame at once. */
long player_clear(uint64_t frame);
long player_copy(uint64_t to, uint64_t from);

/* How the TLB learns of a changed mapping. */
enum player_flush { PLAYER_NONE, PLAYER_PAGE, PLAYER_ALL };

/* player_va - update_va_mapping. */
long player_va(uint64_t va, uint64_t word, enum player_flush flush);

/* player_peek, player_store - map the frame for a moment, read-only or
 * writable, and use it as memory. */
long player_peek(uint64_t frame, unsigned int slot, uint64_t *word);
long player_store(uint64_t frame, unsigned int slot, uint64_t word);

#endif
