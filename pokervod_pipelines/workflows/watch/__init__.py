"""Run what a folder, a sheet or an event asks for, in processes that are forked ready to work.

One watcher leads, by a lock in the database; others stand by. For each source it tells in the database when it looked
last: where it does not, or no watcher lives, the sensors of that source look instead.
"""
