int s_visible = 1;
