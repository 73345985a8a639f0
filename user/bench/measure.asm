; Counting instructions: a TSC read, what is to be counted, a TSC read.
;
; Under QEMU's -icount shift=0 the TSC goes on by one with each instruction of
; the guest, ring 0 included. What the two reads themselves cost is in every
; count the same, and measure_empty() says how much it is.

    bits 64
    default rel

    global measure_empty
    global measure_nops
    global measure_call
    global measure_ud
    global measure_user
    global bench_ud_stub
    global bench_syscall_stub
    extern hypercall_page

IRET_STUB           equ 32 * 23
UD2_BYTES           equ 2
NOPS                equ 1000            ; NOPS in measure.h
SYSCALL_ANSWER      equ 0x600d          ; in measure.h

; struct call in measure.h
CALL_STUB           equ 0
CALL_A              equ 8
CALL_B              equ 16
CALL_C              equ 24
CALL_D              equ 32

; The first read: to r12 and r13; then rdx is what the call wants in it. What
; counts is from .begin to .end, where tools/where looks.
%macro COUNT_BEGIN 0
    rdtsc
    mov r12, rax
    mov r13, rdx
    mov rdx, rbp
.begin:
%endmacro

; The second: the difference goes to [rbx], the operation's rax to r15.
%macro COUNT_END 0
.end:
    mov r15, rax
    rdtsc
    shl rdx, 32
    or rax, rdx
    shl r13, 32
    or r12, r13
    sub rax, r12
    mov [rbx], rax
%endmacro

%macro KEEP 0
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
%endmacro

%macro RETURN 0
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret
%endmacro

    section .text progbits alloc exec nowrite align=32

; measure_empty, measure_nops, measure_ud - nothing, NOPS nops, one ud2 that
; the handler below steps over.
;
; in   rdi  where the count goes
; clobbers  rax rcx rdx r11
    align 32
measure_empty:
    KEEP
    mov rbx, rdi
    COUNT_BEGIN
    COUNT_END
    RETURN

    align 32
measure_nops:
    KEEP
    mov rbx, rdi
    COUNT_BEGIN
    times NOPS nop
    COUNT_END
    RETURN

    align 32
measure_ud:
    KEEP
    mov rbx, rdi
    COUNT_BEGIN
    ud2
    COUNT_END
    RETURN

; measure_call - one hypercall through its stub, the call and ret included.
;
; in   rdi  struct call, rsi  where the count goes
; out  rax  what the kernel answered
; clobbers  rcx rdx rsi rdi r8 r9 r10 r11
    align 32
measure_call:
    KEEP
    mov rbx, rsi
    mov r14, [rdi + CALL_STUB]
    mov rbp, [rdi + CALL_C]
    mov r10, [rdi + CALL_D]
    mov rsi, [rdi + CALL_B]
    mov rdi, [rdi + CALL_A]
    COUNT_BEGIN
    call r14
    COUNT_END
    mov rax, r15
    RETURN

; measure_user - a program of the guest user: syscalls, one count for each.
; It ends by an ud2, which its kernel takes for that.
;
; in   rdi  struct user_job
; out  r15  what the last syscall answered
    align 32
measure_user:
    mov r14, [rdi]
    lea rbx, [rdi + 8]
.next:
    xor eax, eax
    COUNT_BEGIN
    syscall
    COUNT_END
    add rbx, 8
    dec r14
    jnz .next
    ud2

; bench_ud_stub - the shortest way back behind an ud2. The frame that the
; kernel pushed: rcx, r11, rip, cs, rflags, rsp, ss. The iret hypercall wants
; a word of flags in place of the first two.
    align 32
bench_ud_stub:
    pop rcx
    pop r11
    add qword [rsp], UD2_BYTES
    push 0
    jmp hypercall_page + IRET_STUB

; bench_syscall_stub - the shortest answer to a syscall of the guest user.
    align 32
bench_syscall_stub:
    pop rcx
    pop r11
    mov eax, SYSCALL_ANSWER
    push 0
    jmp hypercall_page + IRET_STUB
