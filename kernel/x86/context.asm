; context - from one kernel stack to another, and segment registers with a
; way out when a selector is bad.

%include "x86/layout.inc"

extern guest_return

global context_switch
global context_start
global segment_load_ds
global segment_load_es
global segment_load_fs
global segment_load_gs
global segment_load_gs_inactive
global msr_read_safe
global msr_write_safe

EINVAL equ 22
EFAULT equ 14

section .text

; context_switch - rdi: where to keep rsp; rsi: the rsp to go on with.
; Clobbers what a C function may. The stack is struct context_frame.
context_switch:
    push rbp
    push rbx
    push r12
    push r13
    push r14
    push r15
    mov [rdi], rsp
    mov rsp, rsi
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    ret

; context_start - a stack runs for the first time. r12: function or 0, r13:
; its argument; rsp: at struct regs. Does not return.
context_start:
    test r12, r12
    jz .go
    mov rdi, r13
    sub rsp, 8
    call r12
    add rsp, 8
.go:
    jmp guest_return

; segment_load_ds and its kind - di: selector. eax: 0 or -EINVAL, then the
; register is null. Clobbers edi.
segment_load_ds:
    xor eax, eax
.load:
    mov ds, edi
    ret
.bad:
    mov eax, -EINVAL
    xor edi, edi
    mov ds, edi
    ret

segment_load_es:
    xor eax, eax
.load:
    mov es, edi
    ret
.bad:
    mov eax, -EINVAL
    xor edi, edi
    mov es, edi
    ret

segment_load_fs:
    xor eax, eax
.load:
    mov fs, edi
    ret
.bad:
    mov eax, -EINVAL
    xor edi, edi
    mov fs, edi
    ret

segment_load_gs:
    xor eax, eax
.load:
    mov gs, edi
    ret
.bad:
    mov eax, -EINVAL
    xor edi, edi
    mov gs, edi
    ret

; segment_load_gs_inactive - the same, for the base that swapgs brings in.
; The kernel itself never uses GS, so any may be active meanwhile; the
; selector register itself is common to both.
segment_load_gs_inactive:
    xor eax, eax
    swapgs
.load:
    mov gs, edi
    swapgs
    ret
.bad:
    mov eax, -EINVAL
    xor edi, edi
    mov gs, edi
    swapgs
    ret

; msr_read_safe - edi: register, rsi: where to. eax: 0 or -EFAULT.
msr_read_safe:
    mov ecx, edi
.read:
    rdmsr
    shl rdx, 32
    or rax, rdx
    mov [rsi], rax
    xor eax, eax
    ret
.bad:
    mov eax, -EFAULT
    ret

; msr_write_safe - edi: register, rsi: value. eax: 0 or -EFAULT.
msr_write_safe:
    mov ecx, edi
    mov eax, esi
    mov rdx, rsi
    shr rdx, 32
.write:
    wrmsr
    xor eax, eax
    ret
.bad:
    mov eax, -EFAULT
    ret

section .fixups progbits alloc noexec nowrite align=8
    dq segment_load_ds.load, segment_load_ds.bad
    dq segment_load_es.load, segment_load_es.bad
    dq segment_load_fs.load, segment_load_fs.bad
    dq segment_load_gs.load, segment_load_gs.bad
    dq segment_load_gs_inactive.load, segment_load_gs_inactive.bad
    dq msr_read_safe.read, msr_read_safe.bad
    dq msr_write_safe.write, msr_write_safe.bad

section .note.GNU-stack noalloc noexec nowrite progbits
