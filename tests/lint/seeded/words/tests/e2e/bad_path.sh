cat /home/ada/notes
