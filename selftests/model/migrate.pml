/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The protocol of Documentation/migration.rst, for spin(1): two hosts, each with a journal
 * that outlives a crash, and a line between them. Either tool may be killed, either host
 * lose its power and the line be cut, at each step, so often as CRASHES and CUTS say.
 *
 * Claimed: it never runs on both, both never hold it for theirs, its files are never on
 * neither, when all has come to rest it is exactly one's, and a source that has it runs it. That the claims can fail is
 * shown with protocols that are wrong: COMMITS_FIRST, whose source gives the container away
 * before it has noted so, TELLS_FIRST, whose source forgets what it undoes before that runs, and
 * FORGETS, whose target clears away what it is not sure of.
 */
#ifndef CRASHES
#define CRASHES	2	/* of each side */
#endif
#ifndef CUTS
#define CUTS	2
#endif

mtype = { none, sending, given, receiving, ready, owned, returning, returned };
mtype = { prepare, prepared, finish, finished, commit, abort, gone, ours, theirs, unknown };

/* What a crash leaves: the journals, and whether there is a whole copy of the files. */
mtype s_journal = none, t_journal = none;
bool s_files = true, t_files = false;
/* What goes with the power. */
bool s_runs = true, t_runs = false;

/* The line: one session at a time. A cut loses what was on its way. */
bool up = false;
byte session = 0;
chan to_t = [1] of { mtype };
chan to_s = [1] of { mtype };

byte s_crashes = CRASHES, t_crashes = CRASHES, cuts = CUTS;
bool s_done = false;

#define s_may	(s_files && (s_journal == none || s_journal == sending))
#define t_may	(t_files && (t_journal == none || t_journal == owned))

inline cut()
{
	d_step {
		up = false;
		do
		:: to_t ? _
		:: empty(to_t) -> break
		od;
		do
		:: to_s ? _
		:: empty(to_s) -> break
		od
	}
}

/* Killed, perhaps with the whole host. */
inline s_step()
{
	if
	:: s_crashes > 0 -> s_crashes--; goto killed
	:: s_crashes > 0 -> s_crashes--; s_runs = false; goto killed
	:: true
	fi
}

inline t_step()
{
	if
	:: t_crashes > 0 -> t_crashes--; goto killed
	:: t_crashes > 0 -> t_crashes--; t_runs = false; goto killed
	:: true
	fi
}

/* Ask @question; @got is the answer, or none: the line broke. */
inline ask(question)
{
	got = none;
	if
	:: atomic { up && nfull(to_t) -> to_t ! question }
	:: !up
	fi;
	if
	:: atomic { up && nempty(to_s) -> to_s ? got }
	:: !up
	fi
}

inline connect()
{
	atomic { !up -> up = true; session++ }
}

active proctype Source()
{
	mtype got;

	connect();
	s_journal = sending;
	s_step();
	ask(prepare);
	s_step();
	if
	:: got != prepared -> goto back_out
	:: else
	fi;
	/* files, and files */
	s_runs = false;
	s_step();
	ask(finish);
	s_step();
	if
	:: got != finished -> goto back_out
	:: else
	fi;
#ifndef COMMITS_FIRST
	s_journal = given;
#endif
	s_step();
	goto hand_over;

back_out:
	/* here first: whether the target hears of it counts for little */
#ifndef TELLS_FIRST
	s_runs = true;
	s_step();
#endif
	if
	:: !up -> connect()
	:: up
	fi;
	ask(abort);
	s_step();
	if
	:: got == gone ->
		s_journal = none;
#ifdef TELLS_FIRST
		s_step();
		s_runs = true;
#endif
		goto end
	:: got != gone -> goto back_out
	fi;

hand_over:
	if
	:: !up -> connect()
	:: up
	fi;
	s_step();
	ask(commit);
	s_step();
	if
	:: got == ours ->
#ifdef COMMITS_FIRST
		s_journal = given;
#endif
		s_files = false;
		s_step();
		s_journal = none;
		goto end
	:: got == theirs ->
		s_journal = sending;
		s_step();
		goto back_out
	:: got == unknown ->
		/* never without an operator's doing */
		assert(false)
	:: got == none -> goto hand_over
	fi;

killed:
	cut();
	/* boot, or somebody, starts it if he may; then it is settled */
	if
	:: s_may -> s_runs = true
	:: true
	fi;
	if
	:: s_journal == given -> goto hand_over
	:: s_journal == sending -> goto back_out
	:: s_journal == none
	fi;
end:
	s_done = true;
	cut()
}

inline answer(word)
{
	atomic {
		if
		:: up && mine == session -> to_s ! word
		:: else
		fi
	}
}

active proctype Target()
{
	mtype question;
	byte mine;
	bool decided;

serve:
	decided = false;
	if
	:: up -> mine = session
	:: s_done && !up -> goto end
	fi;
	do
	:: atomic { up && mine == session && to_t ? [prepare] -> to_t ? question };
		t_journal = receiving;
		t_step();
		answer(prepared)
	:: atomic { up && mine == session && to_t ? [finish] -> to_t ? question };
		t_files = true;
		t_step();
		t_journal = ready;
		t_step();
		answer(finished)
	:: atomic { up && mine == session && to_t ? [commit] -> to_t ? question };
		if
		:: t_journal == ready ->
			t_journal = owned;
			decided = true;
			t_step()
		:: else
		fi;
		if
		:: t_journal == owned -> t_runs = true; question = ours
		:: t_journal == owned && decided ->
			/* it does not start */
			t_journal = returning;
			t_step();
			t_files = false;
			t_step();
			t_journal = returned;
			question = theirs
		:: t_journal == returned -> question = theirs
		:: t_journal == returning ->
			t_files = false;
			t_step();
			t_journal = returned;
			question = theirs
		:: t_journal == none || t_journal == receiving -> question = unknown
		fi;
		t_step();
		answer(question)
	:: atomic { up && mine == session && to_t ? [abort] -> to_t ? question };
		if
		:: t_journal == ready -> t_journal = receiving
		:: else
		fi;
		t_step();
		if
		:: t_journal == receiving ->
			t_files = false;
			t_step();
			t_journal = none
		:: t_journal == none || t_journal == returned
		:: t_journal == owned || t_journal == returning ->
			/* who aborts has never given it, or has it back */
			assert(false)
		fi;
		t_step();
		answer(gone)
	:: !up || mine != session -> break
	od;
	/* the source hung up, or was cut off */
	if
	:: t_journal == receiving -> t_files = false; t_step(); t_journal = none
#ifdef FORGETS
	:: t_journal == ready -> t_files = false; t_step(); t_journal = none
#endif
	:: else
	fi;
	goto serve;

killed:
	cut();
	if
	:: t_may -> t_runs = true
	:: true
	fi;
	/* check --repair, or the next attempt */
	if
	:: t_journal == receiving -> t_files = false; t_step(); t_journal = none
	:: t_journal == returning -> t_files = false; t_step(); t_journal = returned
	:: else
	fi;
	goto serve;
end:
	skip
}

active proctype Knife()
{
end:
	do
	:: cuts > 0 && up -> cuts--; cut()
	od
}

active proctype Claims()
{
end:
	do
	:: s_runs && t_runs -> assert(false)
	:: s_may && t_may -> assert(false)
	:: !s_files && !t_files -> assert(false)
	/* what runs is who may */
	:: s_runs && (s_journal == given || !s_files) -> assert(false)
	:: t_runs && !t_may -> assert(false)
	:: s_done && s_may == t_may -> assert(false)
	:: s_done && s_may && !s_runs -> assert(false)
	od
}
