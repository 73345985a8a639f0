; copy - guest memory, with a way out of a fault.
;
; The first fault of a copy is answered by trying again once: a stale TLB
; entry that forbids what the tables allow is gone after it (SDM 3A
; 4.10.4.3). The second one is true.

%include "x86/layout.inc"

global copy_from_guest_raw
global copy_to_guest_raw
global clear_guest_raw
global get_guest_raw
global get_guest_call_raw
global put_guest_raw
global get_guest32_raw
global put_guest32_raw

EFAULT equ 14

section .text

; copy_from_guest_raw, copy_to_guest_raw - rdi: to, rsi: from, rdx: bytes.
; rax: bytes not copied. Clobbers rcx, rdx, rsi, rdi, flags.
copy_from_guest_raw:
copy_to_guest_raw:
    USER_OPEN
    mov rcx, rdx
    and edx, 7
    shr rcx, 3
guest_copy.words:
    rep movsq
    mov ecx, edx
guest_copy.bytes:
    rep movsb
guest_copy.done:
    USER_CLOSE
    mov rax, rcx
    ret
guest_copy.words_fault:             ; what is left, in bytes
    lea rcx, [rdx + 8 * rcx]
guest_copy.retry:
    rep movsb
    jmp guest_copy.done

; clear_guest_raw - rdi: to, rsi: bytes. rax: bytes not written.
; Clobbers rcx, rdx, rdi, flags.
clear_guest_raw:
    USER_OPEN
    xor eax, eax
    mov rcx, rsi
    mov edx, esi
    and edx, 7
    shr rcx, 3
.words:
    rep stosq
    mov ecx, edx
.bytes:
    rep stosb
.done:
    USER_CLOSE
    mov rax, rcx
    ret
.words_fault:
    lea rcx, [rdx + 8 * rcx]
.retry:
    rep stosb
    jmp .done

; get_guest_raw - rdi: where to (kernel), rsi: from (guest).
; eax: 0 or -EFAULT. Clobbers rcx, flags.
get_guest_raw:
    USER_OPEN
    xor ecx, ecx
    xor eax, eax
.first:
    mov rcx, [rsi]
.done:
    USER_CLOSE
    mov [rdi], rcx
    ret
.retry:
    mov rcx, [rsi]
    jmp .done
.bad:
    mov eax, -EFAULT
    jmp .done

; get_guest_call_raw - rdi: five words (kernel), rsi: from eight (guest).
; eax: 0 or -EFAULT. Clobbers rcx, rdx, r8 to r10, flags.
get_guest_call_raw:
    USER_OPEN
    xor eax, eax
.word0:
    mov rcx, [rsi]
.word1:
    mov rdx, [rsi + 16]
.word2:
    mov r8, [rsi + 24]
.word3:
    mov r9, [rsi + 32]
.word4:
    mov r10, [rsi + 40]
.word5:
    cmp [rsi + 56], rax             ; the last one is there
.done:
    USER_CLOSE
    mov [rdi], rcx
    mov [rdi + 8], rdx
    mov [rdi + 16], r8
    mov [rdi + 24], r9
    mov [rdi + 32], r10
    ret
.retry0:                            ; each word may be the first of a page
    mov rcx, [rsi]
    jmp .word1
.retry1:
    mov rdx, [rsi + 16]
    jmp .word2
.retry2:
    mov r8, [rsi + 24]
    jmp .word3
.retry3:
    mov r9, [rsi + 32]
    jmp .word4
.retry4:
    mov r10, [rsi + 40]
    jmp .word5
.retry5:
    cmp [rsi + 56], rax
    jmp .done
.bad:
    xor ecx, ecx
    xor edx, edx
    xor r8d, r8d
    xor r9d, r9d
    xor r10d, r10d
    mov eax, -EFAULT
    jmp .done

; put_guest_raw - rdi: where to (guest), rsi: value.
; eax: 0 or -EFAULT. Clobbers flags.
put_guest_raw:
    USER_OPEN
    xor eax, eax
.first:
    mov [rdi], rsi
.done:
    USER_CLOSE
    ret
.retry:
    mov [rdi], rsi
    jmp .done
.bad:
    mov eax, -EFAULT
    jmp .done

; get_guest32_raw, put_guest32_raw - the same with 4 bytes.
get_guest32_raw:
    USER_OPEN
    xor ecx, ecx
    xor eax, eax
.first:
    mov ecx, [rsi]
.done:
    USER_CLOSE
    mov [rdi], ecx
    ret
.retry:
    mov ecx, [rsi]
    jmp .done
.bad:
    mov eax, -EFAULT
    jmp .done

put_guest32_raw:
    USER_OPEN
    xor eax, eax
.first:
    mov [rdi], esi
.done:
    USER_CLOSE
    ret
.retry:
    mov [rdi], esi
    jmp .done
.bad:
    mov eax, -EFAULT
    jmp .done

section .fixups progbits alloc noexec nowrite align=8
    dq guest_copy.words, guest_copy.words_fault
    dq guest_copy.bytes, guest_copy.retry
    dq guest_copy.retry, guest_copy.done
    dq clear_guest_raw.words, clear_guest_raw.words_fault
    dq clear_guest_raw.bytes, clear_guest_raw.retry
    dq clear_guest_raw.retry, clear_guest_raw.done
    dq get_guest_raw.first, get_guest_raw.retry
    dq get_guest_raw.retry, get_guest_raw.bad
    dq get_guest_call_raw.word0, get_guest_call_raw.retry0
    dq get_guest_call_raw.word1, get_guest_call_raw.retry1
    dq get_guest_call_raw.word2, get_guest_call_raw.retry2
    dq get_guest_call_raw.word3, get_guest_call_raw.retry3
    dq get_guest_call_raw.word4, get_guest_call_raw.retry4
    dq get_guest_call_raw.word5, get_guest_call_raw.retry5
    dq get_guest_call_raw.retry0, get_guest_call_raw.bad
    dq get_guest_call_raw.retry1, get_guest_call_raw.bad
    dq get_guest_call_raw.retry2, get_guest_call_raw.bad
    dq get_guest_call_raw.retry3, get_guest_call_raw.bad
    dq get_guest_call_raw.retry4, get_guest_call_raw.bad
    dq get_guest_call_raw.retry5, get_guest_call_raw.bad
    dq put_guest_raw.first, put_guest_raw.retry
    dq put_guest_raw.retry, put_guest_raw.bad
    dq get_guest32_raw.first, get_guest32_raw.retry
    dq get_guest32_raw.retry, get_guest32_raw.bad
    dq put_guest32_raw.first, put_guest32_raw.retry
    dq put_guest32_raw.retry, put_guest32_raw.bad

section .note.GNU-stack noalloc noexec nowrite progbits
