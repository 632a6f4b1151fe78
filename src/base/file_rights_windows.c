/* Who may read a file. Like mode 0600 is a list that lets in the owner, the system and its
 * administrators, who can read everything anyhow, and nobody else. */
#include "base/file.h"

#include "base/windows.h"

#include <aclapi.h>
#include <errno.h>

static bool is_trusted(PSID who, PSID owner)
{
	return EqualSid(who, owner) || IsWellKnownSid(who, WinLocalSystemSid) ||
	       IsWellKnownSid(who, WinBuiltinAdministratorsSid) ||
	       IsWellKnownSid(who, WinCreatorOwnerRightsSid);
}

/* A list that is not there lets everybody in. */
static bool lets_others_read(PACL list, PSID owner)
{
	if (list == NULL)
		return true;
	for (DWORD i = 0; i < list->AceCount; i++) {
		void *at;
		if (!GetAce(list, i, &at))
			return true;
		ACCESS_ALLOWED_ACE *entry = at;
		ACCESS_MASK reads = FILE_READ_DATA | GENERIC_READ | GENERIC_ALL;
		if (entry->Header.AceType == ACCESS_ALLOWED_ACE_TYPE &&
		    (entry->Header.AceFlags & INHERIT_ONLY_ACE) == 0 &&
		    (entry->Mask & reads) != 0 && !is_trusted(&entry->SidStart, owner))
			return true;
	}
	return false;
}

bool file_others_can_read(const char *path)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	PSID owner;
	PACL list;
	PSECURITY_DESCRIPTOR all;
	if (!windows_path(path, wide) ||
	    GetNamedSecurityInfoW(wide, SE_FILE_OBJECT,
				  OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner,
				  NULL, &list, NULL, &all) != ERROR_SUCCESS)
		return false;
	bool others = lets_others_read(list, owner);
	LocalFree(all);
	return others;
}

bool file_make_private(const char *path, struct err *reterr)
{
	wchar_t wide[WINDOWS_PATH_MAX];
	SECURITY_ATTRIBUTES rights;
	if (!windows_path(path, wide) || !windows_private(&rights, false))
		return err_sys(reterr, "cannot make '%s' private", path);
	bool done = SetFileSecurityW(wide, DACL_SECURITY_INFORMATION |
						   PROTECTED_DACL_SECURITY_INFORMATION,
				     rights.lpSecurityDescriptor) ||
		    windows_failed();
	windows_private_done(&rights);
	return done || err_sys(reterr, "cannot make '%s' private", path);
}
