/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The protocol of Documentation/migration.rst, for spin(1): two hosts, each with a journal
 * that outlives a crash, and a line between them. Either tool may be killed, either host
 * lose its power and the line be cut, at each step, so often as CRASHES and CUTS say; and so often
 * as FAILS says a note cannot be written: it is in force then or not, and that goes with the power
 * or not.
 *
 * Claimed: it never runs on both, both never hold it for theirs, its files are never on
 * neither, when all has come to rest it is exactly one's, and a source that has it runs it. That the claims can fail is
 * shown with protocols that are wrong: COMMITS_FIRST, whose source gives the container away
 * before it has noted so, TELLS_FIRST, whose source forgets what it undoes before that runs,
 * FORGETS, whose target clears away what it is not sure of, and two that take what could not be
 * written for not written: GOES_ON, whose source runs it on, and BELIEVES, whose target keeps it.
 */
#ifndef CRASHES
#define CRASHES	2	/* of each side */
#endif
#ifndef CUTS
#define CUTS	2
#endif
#ifndef FAILS
#define FAILS	2	/* of both */
#endif

mtype = { none, sending, given, receiving, ready, owned, returning, returned };
mtype = { prepare, prepared, finish, finished, commit, abort, gone, ours, theirs, unknown };

/* What a crash leaves: the journals, and whether there is a whole copy of the files. */
mtype s_journal = none, t_journal = none;
/* What they are when the power is back. */
mtype s_disk = none, t_disk = none;
byte fails = FAILS;
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

/* @noted: it is on disk. */
inline note(journal, disk, word)
{
	if
	:: d_step { journal = word; disk = word; noted = true }
	:: d_step { fails > 0 -> fails--; noted = false }
	:: d_step { fails > 0 -> fails--; journal = word; noted = false }
	:: d_step { fails > 0 -> fails--; journal = word; disk = word; noted = false }
	fi
}

/* So is what is in force. */
inline sync(journal, disk)
{
	if
	:: d_step { disk = journal; noted = true }
	:: d_step { fails > 0 && disk != journal -> fails--; noted = false }
	fi
}

/* Killed, perhaps with the whole host. */
inline s_step()
{
	if
	:: s_crashes > 0 -> s_crashes--; goto killed
	:: d_step { s_crashes > 0 -> s_crashes--; s_runs = false; s_journal = s_disk }; goto killed
	:: true
	fi
}

inline t_step()
{
	if
	:: t_crashes > 0 -> t_crashes--; goto killed
	:: d_step { t_crashes > 0 -> t_crashes--; t_runs = false; t_journal = t_disk }; goto killed
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
	bool noted, begun;

	connect();
	note(s_journal, s_disk, sending);
	s_step();
	if
	:: !noted -> goto back_out
	:: else -> begun = true
	fi;
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
	note(s_journal, s_disk, given);
	s_step();
	if
	:: noted -> goto hand_over
	:: !noted && s_journal != given -> goto back_out
	:: else
	fi;
	note(s_journal, s_disk, sending);
	s_step();
	if
	:: noted -> goto back_out
#ifndef GOES_ON
	:: else -> goto settle
#else
	:: else -> goto back_out
#endif
	fi;
#else
	s_step();
	goto hand_over;
#endif

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
		note(s_journal, s_disk, none);
#ifdef TELLS_FIRST
		s_step();
		s_runs = true;
#endif
		goto removed
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
		note(s_journal, s_disk, none);
		goto removed
	:: got == theirs ->
		note(s_journal, s_disk, sending);
		s_step();
		goto back_out
	:: got == unknown ->
		/* never without an operator's doing */
		assert(false)
	:: got == none -> goto hand_over
	fi;

removed:
	if
	:: noted -> goto end
	:: else -> goto settle
	fi;

killed:
	cut();
	/* boot, or somebody, starts it if he may; then it is settled. Before it has begun it is as ever */
	if
	:: s_may -> s_runs = true
	:: begun
	fi;
settle:
	sync(s_journal, s_disk);
	if
	:: !noted -> goto settle
	:: noted && s_journal == given -> goto hand_over
	:: noted && s_journal == sending -> goto back_out
	:: noted && s_journal == none
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
	bool decided, noted;

serve:
	if
	:: up -> mine = session
	:: s_done && !up -> goto end
	fi;
	do
	:: atomic { up && mine == session && to_t ? [prepare] -> to_t ? question };
		note(t_journal, t_disk, receiving);
		t_step();
		answer((noted -> prepared : unknown))
	:: atomic { up && mine == session && to_t ? [finish] -> to_t ? question };
		t_files = true;
		t_step();
		note(t_journal, t_disk, ready);
		t_step();
		answer((noted -> finished : unknown))
	:: atomic { up && mine == session && to_t ? [commit] -> to_t ? question };
		question = none;
		decided = false;
		noted = true;
		if
		:: t_journal == ready ->
			note(t_journal, t_disk, owned);
			decided = noted;
			t_step()
		:: t_journal == owned || t_journal == returning -> sync(t_journal, t_disk)
		:: else
		fi;
		if
		:: !noted
		:: noted && t_journal == owned -> t_runs = true; question = ours
		:: noted && t_journal == owned && decided ->
			/* it does not start */
			note(t_journal, t_disk, returning);
			t_step();
			if
			:: noted ->
				t_files = false;
				t_step();
				note(t_journal, t_disk, returned);
				question = theirs
#ifdef BELIEVES
			:: !noted -> question = ours
#else
			:: !noted ->
				note(t_journal, t_disk, owned);
				question = (noted -> ours : none)
#endif
			fi
		:: noted && t_journal == returned -> question = theirs
		:: noted && t_journal == returning ->
			t_files = false;
			t_step();
			note(t_journal, t_disk, returned);
			question = (noted -> theirs : none)
		:: noted && (t_journal == none || t_journal == receiving) -> question = unknown
		fi;
		t_step();
		answer(question)
	:: atomic { up && mine == session && to_t ? [abort] -> to_t ? question };
		noted = true;
		if
		:: t_journal == ready -> note(t_journal, t_disk, receiving)
		:: else
		fi;
		t_step();
		if
		:: !noted
		:: noted && t_journal == receiving ->
			t_files = false;
			t_step();
			note(t_journal, t_disk, none)
		/* what is left of that goes when somebody settles it */
		:: noted && (t_journal == none || t_journal == returning || t_journal == returned)
		:: noted && t_journal == owned ->
			/* who aborts has never given it, or has it back */
			assert(false)
		fi;
		t_step();
		answer((noted -> gone : unknown))
	:: !up || mine != session -> break
	od;
	/* the source hung up, or was cut off */
	if
	:: t_journal == receiving -> t_files = false; t_step(); note(t_journal, t_disk, none)
#ifdef FORGETS
	:: t_journal == ready -> t_files = false; t_step(); note(t_journal, t_disk, none)
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
	:: t_journal == receiving -> t_files = false; t_step(); note(t_journal, t_disk, none)
	:: t_journal == returning ->
		sync(t_journal, t_disk);
		if
		:: noted -> t_files = false; t_step(); note(t_journal, t_disk, returned)
		:: else
		fi
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
	/* what runs is who may, or was told so */
	:: s_runs && ((s_journal == given && t_journal != returning && t_journal != returned) ||
		      !s_files) -> assert(false)
	:: t_runs && !t_may -> assert(false)
	:: s_done && s_may == t_may -> assert(false)
	:: s_done && s_may && !s_runs -> assert(false)
	od
}
