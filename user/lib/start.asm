; How a domain begins: what it tells the kernel about itself, and its first
; instructions.

    bits 64
    default rel

    global domain_start
    global hypercall_page
    extern domain_main
    extern domain_exit
    extern domain_setup

STACK_BYTES         equ 32768
PAGE_BYTES          equ 4096

; The kinds of note, from Xen's public elfnote.h.
NOTE_ENTRY          equ 1
NOTE_HYPERCALL_PAGE equ 2
NOTE_VIRT_BASE      equ 3
NOTE_XEN_VERSION    equ 5
NOTE_GUEST_OS       equ 6
NOTE_LOADER         equ 8

; Each note is: bytes of the owner's name, bytes of the value, kind, the name
; and the value, both padded to four bytes.
    section .note.xen note alloc noexec nowrite align=4

%macro NOTE_ADDRESS 2                   ; kind, 64-bit value
    dd 4, 8, %1
    db "Xen", 0
    dq %2
%endmacro

%macro NOTE_TEXT 2                      ; kind, text
    dd 4, %%end - %%text, %1
    db "Xen", 0
%%text:
    db %2, 0
%%end:
    align 4, db 0
%endmacro

    NOTE_TEXT    NOTE_GUEST_OS,       "Tally"
    NOTE_TEXT    NOTE_XEN_VERSION,    "xen-3.0"
    NOTE_TEXT    NOTE_LOADER,         "generic"
    NOTE_ADDRESS NOTE_VIRT_BASE,      0
    NOTE_ADDRESS NOTE_ENTRY,          domain_start
    NOTE_ADDRESS NOTE_HYPERCALL_PAGE, hypercall_page

; The kernel fills this page before the domain starts: stub n, at 32 * n,
; makes hypercall n.
    section .text.start progbits alloc exec nowrite align=4096

hypercall_page:
    times PAGE_BYTES db 0xcc

; domain_start - the first instruction of a domain.
;
; in   rsi  address of start_info
;      rsp  top of a page that the kernel chose for a first stack
; The stack is replaced by a larger one of our own:
;      stack_top - 8   0, the return address that ends a backtrace
domain_start:
    cld
    lea rsp, [stack_top]
    xor ebp, ebp
    mov rbx, rsi
    mov rdi, rsi
    call domain_setup
    mov rdi, rbx
    call domain_main
    jmp domain_exit                     ; a main that returns is done

    section .bss nobits alloc noexec write align=16

stack:
    resb STACK_BYTES
stack_top:
