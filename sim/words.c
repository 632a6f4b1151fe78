#include "words.h"

#include <stdlib.h>

const char *const WORDS_BOT[] = {
	"I found an answer for you in the help pages. ",
	"**Your request is on its way.** ",
	"\\n\\n1. Open *Settings*\\n2. Choose **Security**\\n3. Press “Reset” ",
	"Please wait about five minutes, then try again. ",
	"\\n- If the light is green, nothing has to be done\\n- If it is red, tell me ",
	"You can follow it here: [Request portal](https://help.example.com/portal?view=mine) ",
	"👉 Shall I open a ticket for you? ",
	"Your manager has to approve this first; I have sent the question. ",
	"It usually takes one working day. ",
	"\\n\\n> The booking closes at 17:00 on Fridays.\\n\\n",
	"I could not find anything that fits \\\"new badge for a visitor\\\". ",
	"The share is mapped as `\\\\\\\\files01\\\\finance\\\\2026`. ",
	"✅ Done: you are now a member of the group. ",
	"The office in Zürich is closed on Thursday; the one in São Paulo is open. ",
	"Here is what I know about it:\\n\\n| Step | Who | When |\\n|---|---|---|\\n"
	"| Order | you | today |\\n| Approve | manager | 2 days |\\n",
	"If this does not help, I can connect you with a colleague. 🙂 ",
	"<b>Note:</b> the old address works until the end of the month.<br/>",
	"I have looked in three places and found two documents that answer your question. ",
	"\u200bPlease do not share the code with anyone.\u200b ",
	"You have 12½ days of leave left, of which 3 lapse on 31 March. ",
	"\\n\\n**What to do next**\\n\\n* Restart the client\\n* Sign in again\\n"
	"* Confirm the message on your phone\\n",
	"The laptop was shipped on Monday and should arrive within 5–7 days. ",
	"There is a known problem with the printer on floor 3; it is being worked on. ",
	"Your password was changed. Sign out everywhere else if that was not you. ",
	"Who should get the access? Write the name or the e-mail address. ",
	"Thanks for waiting — here is the list you asked for: ",
	"\\n\\t• Travel\\n\\t• Meals\\n\\t• Hotel\\n",
	"The amount is over the limit of €\u00a0500, so it needs a second approval. ",
	"I am not sure I understood. Did you mean *time off* or *office hours*? ",
	"Use the form below, it asks for everything that the team needs. ",
	"日本語の手順書はこちらです。 ",
	"Das Formular finden Sie im Intranet unter „Personal“. ",
	"Voici la marche à suivre pour déclarer une absence. ",
	"The wiki says: “Ask before you install software that is not on the list.” ",
	"🚧 The system is under maintenance from 22:00 to 23:30. ",
	"Your meeting was moved; everybody has been told. ",
	"I added your comment to the ticket and told the person who works on it. ",
	"These colleagues can help: Maja Lindqvist, Tomás Ferreira and Aïcha N’Diaye. ",
	"```\\nipconfig /flushdns\\nping -n 4 vpn.example.com\\n``` ",
	"A guest account is valid for 30 days and can be renewed once. ",
	"Both documents were last changed in the spring, so check the dates in them. ",
	"The policy allows two monitors for each desk; a third one needs a reason. ",
	"You do not have any open approvals. 🎉 ",
	"\\n\\n---\\n\\n_Was this helpful?_ ",
	"If you work from abroad for more than ten days, tell the people team beforehand. ",
	"The token on your phone has been registered again; the old one no longer works. ",
	"For expenses in another currency the rate of the day of payment counts. ",
	"I have asked the application’s owner; you will hear from me when there is an answer. ",
	NULL,
};

const char *const WORDS_SNIPPET[] = {
	"How to ask for a new device: open the catalogue, choose the model and say where it goes. ",
	"\ufeffThis page describes the steps for the service desk only. ",
	"All devices are encrypted; the key is kept by the security team while it is used. ",
	"Leave that is not taken lapses at the end of March of the following year. ",
	"\u200bTo connect from outside, start the client and choose the nearest gateway.\u200b ",
	"Costs above the limit need the approval of the head of the department.\\n",
	"“A good description saves an hour”: say what you did, saw and expected. ",
	"Path of the template: C:\\\\Templates\\\\Travel\\\\2026\\\\form.docx ",
	"Employees in their probation period have the same claim for each full month of work. ",
	"The service is checked every five minutes; a person is called after three failures. ",
	"1. Unplug the dock. 2. Wait ten seconds. 3. Plug it in again. ",
	"Visitors are met at the reception and carry a badge at all times. ",
	"Data of customers must not be copied to private devices, not even for a test.\\n\\n",
	"See also: Working from home, Working from abroad, Equipment for the home office. ",
	"The expense report is due on the fifth of the month; later ones wait for the next run. ",
	"Für Standorte in Österreich gilt die Betriebsvereinbarung vom 1. Juli. ",
	"Le remboursement est versé avec le salaire du mois suivant. ",
	"* Do: lock the screen * Don’t: write passwords on paper ",
	"Owner of this page: Workplace team; reviewed twice a year; last review in spring. ",
	"The new address book shows first name, last name and team, but no private numbers. ",
	"In an emergency leave the building by the nearest stairs and go to the meeting point. ",
	"Training is booked by yourself; the cost centre of your team is charged. ",
	"When a contract ends, accounts are closed on the last day at midnight local time. ",
	"会議室の予約は二週間前から可能です。 ",
	"The quarterly review looks at goals, at results and at what stood in the way. ",
	"Each request has a number that begins with REQ; keep it for your questions. ",
	"Mailboxes of teams belong to a person, who decides about who may read them. ",
	"A server is patched within fourteen days, one that faces the internet within three. ",
	"Parental leave is asked for at least seven weeks before it begins. ",
	"Only signed packages are installed; everything else is refused by the client. ",
	NULL,
};

const char *const WORDS_ASK[] = {
	"Hi\0OTHER\0greeting",
	"hello there 👋\0OTHER\0greeting",
	"i need a second monitor for my desk\0IT\0monitor",
	"My laptop does not start any more\0IT\0laptop",
	"how many vacation days do i have left?\0HR\0vacation",
	"reset my password please\0IT\0password",
	"VPN is slow since this morning\0IT\0vpn",
	"Where is the travel policy?\0TRAVEL_AND_EXPENSE\0travel_policy",
	"can you add me to the design group\0IT\0group_membership",
	"show my open approvals\0OTHER\0",
	"who is my people partner\0HR\0",
	"When is payday in December?\0PAYROLL\0payday",
	"the coffee machine on floor 2 leaks\0FACILITY\0coffee_machine",
	"i want to report a phishing mail\0IT\0phishing",
	"book a room for 12 people tomorrow at 9\0FACILITY\0",
	"NDA for a new supplier\0LEGAL\0nda",
	"how do I submit an expense report\0TRAVEL_AND_EXPENSE\0expense_report",
	"what is the status of REQ0041877\0IT\0",
	"thanks, that worked!\0OTHER\0",
	"no\0OTHER\0",
	"Talk to a person\0OTHER\0live_agent",
	"my badge doesn't open the garage\0FACILITY\0badge",
	"access to the sales dashboard\0IT\0dashboard",
	"Install an editor on my machine, version 2026.1\0IT\0software_install",
	"wie beantrage ich Elternzeit?\0HR\0parental_leave",
	"comment changer mon mot de passe ?\0IT\0password",
	"-1 day of leave was booked twice\0HR\0vacation",
	"printer \\\"HP-3F-02\\\" says paper jam, but there is none\0IT\0printer",
	"Can I work from Portugal for three weeks in June? My manager agrees, I only need to know "
	"what I have to fill in and by when.\0HR\0work_abroad",
	"休暇の残りを教えてください\0HR\0vacation",
	"=SUM(A1:A3) gives an error in my sheet\0IT\0spreadsheet",
	"Update my home address\0HR\0address",
	"summarise this page for me\0\0",
	"create a ticket\0IT\0ticket",
	"my phone was stolen 😱\0IT\0lost_device",
	"order a headset\0IT\0headset",
	NULL,
};

const char *const WORDS_BUTTON[] = {
	"Yes", "No", "Cancel", "✅ Got it", "Open a ticket", "Talk to a person", "Show more",
	"Not now", "Confirm", "Try again", NULL,
};

const char *const WORDS_TITLE[] = {
	"How to order a laptop", "Working from abroad", "Travel and expenses: the rules",
	"Two-factor sign-in", "Parental leave", "What to do when a phone is lost",
	"Connecting to the VPN", "Printing on every floor", "Guests and badges",
	"Meeting rooms: book, move, cancel", "Payday and payslips", "Security basics",
	"Shared mailboxes", "Software that you may install", "Leave: how much and until when",
	"Monitors, docks & headsets", "Non-disclosure agreements", "Ihre erste Woche",
	"Reporting a suspicious e-mail", "The “lost & found” of the office",
	"Data classification", "Learning budget", "経費精算の手引き",
	"Sick leave – first steps",
	NULL,
};

const char *const WORDS_FILE[] = {
	"travel-policy-2026.pdf", "Onboarding (final).docx", "budget_q3.xlsx", "floor plan 3.png",
	"release-notes.txt", "Übersicht Standorte.pptx", "security-training.pdf",
	"team photo.jpg", NULL,
};

const char *const WORDS_PLUGIN[] = {
	"Enterprise Search", "Knowledge Base", "Forms", "File an IT Ticket", "Request Software",
	"Approve or Deny a Request", "Look Up a Person", "Leave Balance (HR)", "Ticket Status",
	"Comment on a Ticket", "Hand Over to a Person", "Meeting Rooms", "Group Members",
	"Draft a Message", "Summarise a Page (Beta)", "Sign-in Help", "Unlock an Account",
	"book_desk_v2", "acme_get_stock_by_part", "CRM_list_open_deals", "payslip_lookup",
	"WIKI__find_pages_in_space", "Daily Digest (Start / Stop)", "Create a Group",
	"visitor_registration", "Quick Answer", "Expense_Report_Status", "Reset Two-Factor",
	"Start a Live Chat", "-internal-test-plugin", NULL,
};

const char *const WORDS_FIRST_NAME[] = {
	"Maja", "Tomás", "Aïcha", "José", "Łukasz", "Zoë", "Ingrid", "Noah", "Priya", "美咲",
	"Ольга", "Fatma", "Seán", "Chloé", "Björn", "Anna-Lena", "Mohammed", "Thị Hoa",
	"Emre", "Nils", NULL,
};

const char *const WORDS_LAST_NAME[] = {
	"Lindqvist", "Ferreira", "N’Diaye", "O'Brien", "Müller", "Kowalska", "van der Berg",
	"Nakamura", "Иванова", "Sørensen", "Yılmaz", "García Márquez", "Smith",
	"Nguyễn", "Åkesson", "d'Angelo", "Okafor", "Virtanen", NULL,
};

const char *const WORDS_THING[] = {
	"design", "all-hands", "sales-emea", "finance", "photo editor", "spreadsheet", "crm",
	"video calls", "diagrams", "wiki", NULL,
};

const char *const WORDS_HANDOFF[] = {
	"File an IT Ticket", "File IT Ticket", "Live chat request", NULL,
};

const char *const WORDS_NOTICE[] = {
	"TICKET_UPDATE\0SNOW\0IT", "APPROVAL_UPDATE\0MOVEWORKS\0IT", "COMMS\0MOVEWORKS\0HR",
	"EXPIRING_PASSWORD\0OKTA\0IT", "EXPIRED_PASSWORD\0OKTA\0IT", "LOCKED_ACCOUNT\0OKTA\0IT",
	"TICKET_WAITING\0SNOW\0IT", "TICKET_WATCHER\0SNOW\0IT", "TICKET_NUDGE\0SNOW\0IT",
	"CSAT\0MOVEWORKS\0OTHER", "AMBIENT_AGENT\0MOVEWORKS\0OTHER", "EVENTS\0MOVEWORKS\0OTHER",
	NULL,
};

uint32_t words_count(const char *const *list)
{
	uint32_t n = 0;
	while (list[n] != NULL)
		n++;
	return n;
}

bool corpus_make(struct corpus *ret, const char *const *list)
{
	uint32_t n = words_count(list);
	size_t size = 0;
	for (uint32_t i = 0; i < n; i++)
		size += strlen(list[i]);
	*ret = (struct corpus){malloc(size + 1), malloc((n + 1) * sizeof(uint32_t)), n};
	if (ret->text == NULL || ret->begin == NULL) {
		corpus_done(ret);
		return false;
	}
	uint32_t at = 0;
	for (uint32_t i = 0; i < n; i++) {
		size_t length = strlen(list[i]);
		memcpy(ret->text + at, list[i], length);
		ret->begin[i] = at;
		at += (uint32_t)length;
	}
	ret->begin[n] = at;
	return true;
}

void corpus_done(struct corpus *corpus)
{
	free(corpus->text);
	free(corpus->begin);
	*corpus = (struct corpus){0};
}
